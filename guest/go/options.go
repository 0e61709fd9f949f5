package cache

import (
	"fmt"
	"math"
	"time"

	"spakky/cache/internal/fault"
	"spakky/cache/internal/host"
)

// Options are how long an entry lives, what evicts it, and how long a lookup may wait.
// The zero Options keep it until something removes it.
//
//	cache.TTL(5 * time.Minute).FreshFor(time.Minute).Tags("profiles", "user:7")
//
// Times are counted in whole milliseconds, rounded up. One that is zero, negative,
// shorter than a millisecond or too long to count is [ErrInvalidTTL] from the
// operation that is given it, before it does anything.
type Options struct {
	ttl, freshFor, maxWait, retryAfter given
	tags                               []string
	noStaleIfError, strict, shared     bool
}

// given is a time, none, or a time that there cannot be, and why.
type given struct {
	set   bool
	wrong string
	count uint64
}

// TTL are options of an entry that lives for so long.
func TTL(ttl time.Duration) Options { return Options{ttl: span(ttl)} }

// TTLSeconds are options of an entry that lives for so many seconds.
func TTLSeconds(ttl float64) Options { return Options{ttl: spanOfSeconds(ttl)} }

// FreshFor lets the entry be fresh for so long, within its time to live. Past it, one
// caller at a time is asked to refresh the entry while the others go on reading it.
// Without this, an entry is fresh for as long as it lives.
func (o Options) FreshFor(fresh time.Duration) Options {
	o.freshFor = span(fresh)
	return o
}

// FreshForSeconds is [Options.FreshFor] in seconds.
func (o Options) FreshForSeconds(fresh float64) Options {
	o.freshFor = spanOfSeconds(fresh)
	return o
}

// Tags adds tags that evict the entry. One named twice counts once.
func (o Options) Tags(tags ...string) Options {
	// Never nil: to give none is to choose none, see Store.
	o.tags = append(append([]string{}, o.tags...), tags...)
	return o
}

// MaxWait lets a lookup wait for another caller's load at most this long, and not at
// all if it is zero. Without this, as long as the host allows, which is also the
// longest.
func (o Options) MaxWait(wait time.Duration) Options {
	o.maxWait = given{set: true, count: roundUp(wait)}
	if wait < 0 {
		o.maxWait.wrong = negative(wait)
	}
	return o
}

// StaleIfError says whether a caller whose refresh fails gets the stale entry: it does,
// unless this is false. Then it gets the loader's error. An entry that is still fresh is
// served in any case.
func (o Options) StaleIfError(serve bool) Options {
	o.noStaleIfError = !serve
	return o
}

// RetryAfter lets nobody load again for so long after a loader failed, or for the longest
// time that the host allows. Meanwhile an entry is served, and where there is none, callers
// get [ErrLoadFailed]. Without this, the next caller loads at once.
func (o Options) RetryAfter(pause time.Duration) Options {
	o.retryAfter = span(pause)
	return o
}

// Strict has the host ask the backend, even where it may answer from copies of its own,
// which learn of changes a moment later.
func (o Options) Strict() Options {
	o.strict = true
	return o
}

// Shared lets all objects of a method share its entries. Without it, [Cacheable] refuses
// a method value such as repo.Load, because a template names nothing of its object.
func (o Options) Shared() Options {
	o.shared = true
	return o
}

// check refuses times that no host would take, and says which and why.
func (o Options) check() error {
	for _, time := range []struct {
		name string
		given
	}{
		{"the time to live", o.ttl}, {"the fresh time", o.freshFor}, {"the longest wait", o.maxWait},
		{"the pause after a failed load", o.retryAfter},
	} {
		if time.wrong != "" {
			return fault.Because(fault.InvalidTTL, time.name+" is "+time.wrong)
		}
	}
	if o.ttl.set && o.freshFor.set && o.freshFor.count > o.ttl.count {
		return fault.Because(fault.InvalidTTL, fmt.Sprintf(
			"an entry cannot be fresh for %d ms and live for %d ms", o.freshFor.count, o.ttl.count))
	}
	return nil
}

// entry is what the contract calls entry-options.
func (o Options) entry() host.Options {
	return host.Options{TTL: o.ttl.optional(), FreshFor: o.freshFor.optional(), Tags: o.tags}
}

func (g given) optional() *uint64 {
	if !g.set {
		return nil
	}
	return &g.count
}

func span(time time.Duration) given {
	return given{set: true, wrong: impossible(time), count: roundUp(time)}
}

func spanOfSeconds(seconds float64) given {
	wrong := func(why string) given { return given{set: true, wrong: why} }
	// To whole nanoseconds, so that 0.07 is 70 ms and not a little more.
	nanoseconds := math.Round(seconds * 1e9)
	switch {
	case math.IsNaN(seconds):
		return wrong("not a number")
	case nanoseconds >= math.MaxInt64:
		return wrong(fmt.Sprintf("too long to count: %v s", seconds))
	case nanoseconds <= math.MinInt64:
		return wrong(fmt.Sprintf("negative: %v s", seconds))
	case nanoseconds == 0 && seconds != 0:
		return wrong(fmt.Sprintf("%v s, shorter than a millisecond", seconds))
	}
	return span(time.Duration(nanoseconds))
}

// impossible is why an entry cannot live, or be fresh, for so long.
func impossible(span time.Duration) string {
	switch {
	case span == 0:
		return "zero"
	case span < 0:
		return negative(span)
	case span < time.Millisecond:
		return fmt.Sprintf("%v, shorter than a millisecond", span)
	}
	return ""
}

func negative(span time.Duration) string { return fmt.Sprintf("negative: %v", span) }

func roundUp(span time.Duration) uint64 {
	whole := span / time.Millisecond
	if span%time.Millisecond > 0 {
		whole++
	}
	return uint64(max(whole, 0))
}

// milliseconds are the time that a host counted, or the longest that there is.
func milliseconds(count uint64) time.Duration {
	longest := uint64(math.MaxInt64 / time.Millisecond)
	return time.Duration(min(count, longest)) * time.Millisecond
}
