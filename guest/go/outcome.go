package cache

import (
	"reflect"
	"time"

	"spakky/cache/internal/fault"
)

// Loaded is a value, and how it is stored: what a loader returns that knows this only once
// it has loaded. [Store] and [DoNotStore] make one; Loaded[T]{Value: value} is stored as the
// options of the call say.
//
//	var rate = cache.Cacheable("rate:{}", cache.Options{}, func(currency string) (cache.Loaded[float64], error) {
//		quote, err := ask(currency)
//		return cache.Store(quote.Rate, cache.TTL(quote.ValidFor)), err
//	})
//
// A function that [Cacheable] makes of one that returns a Loaded returns one, too: its Value
// is the cached one.
type Loaded[T any] struct {
	Value T
	how   storing
}

// storing is how a value is stored: in place of the options of the call, as far as it says
// something, or not at all.
type storing struct {
	options Options
	not     bool
	passFor given
}

// Store is a value that is stored with the time to live, the fresh time and the tags of
// options. What they do not say is as the options of the call have it; an entry that they
// keep fresh for longer than it lives is then fresh for as long as that.
func Store[T any](value T, options Options) Loaded[T] {
	return Loaded[T]{value, storing{options: options}}
}

// DoNotStore is a value that is returned, and not stored. The next caller loads, one after
// another, unless [Loaded.PassFor] says that none of them waits.
func DoNotStore[T any](value T) Loaded[T] { return Loaded[T]{value, storing{not: true}} }

// PassFor says of a value that is not stored that the next ones will not be either: for so
// long, everyone who asks for the key loads, and nobody waits for another's load. An entry
// that was being refreshed is removed.
func (l Loaded[T]) PassFor(pause time.Duration) Loaded[T] {
	l.how.not, l.how.passFor = true, span(pause)
	return l
}

// choosing is any Loaded.
type choosing interface {
	chosen() (reflect.Value, storing)
}

func (l Loaded[T]) chosen() (reflect.Value, storing) { return reflect.ValueOf(&l.Value).Elem(), l.how }

// over is the options of the call, with what the loader chose in their place.
func (s storing) over(call Options) (Options, error) {
	if s.passFor.wrong != "" {
		return call, fault.Because(fault.InvalidTTL, "the pause is "+s.passFor.wrong)
	}
	if err := s.options.check(); err != nil {
		return call, err
	}
	if s.options.ttl.set {
		call.ttl = s.options.ttl
		if call.freshFor.set {
			call.freshFor.count = min(call.freshFor.count, call.ttl.count)
		}
	}
	if s.options.freshFor.set {
		call.freshFor = s.options.freshFor
	}
	if s.options.tags != nil {
		call.tags = s.options.tags
	}
	return call, call.check()
}

// Source is where a value comes from.
type Source uint8

const (
	// FromHit: a fresh entry.
	FromHit Source = iota
	// FromStale: an entry past its fresh time. Another caller refreshes it, or its refresh
	// failed.
	FromStale
	// FromLoader: what the loader returned.
	FromLoader
	// FromPass: what the loader returned, without a lease: loads of the key are not to be
	// stored for now, waiting for its loader would never end, or two entries in a row were
	// no T.
	FromPass
)

// String is the source's name.
func (s Source) String() string {
	switch s {
	case FromHit:
		return "hit"
	case FromStale:
		return "stale"
	case FromLoader:
		return "loaded"
	case FromPass:
		return "passed"
	}
	return "unknown"
}

// Outcome is a value, and how it came about.
type Outcome[T any] struct {
	Value  T
	Source Source
	// Stored: this call stored the value.
	Stored bool
	// Err is what failed, and did not keep the value from being returned: the loader, so that
	// an entry was served; storing what was loaded; or decoding the entry, so that the loader
	// ran. What is not the loader's is also logged, once in a process and cause.
	Err error
	// Age is how long ago the entry was stored, if the value is an entry's.
	Age time.Duration
	// Version identifies the entry, if the value is an entry's, among all that its key ever
	// held.
	Version uint64
}
