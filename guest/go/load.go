package cache

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"reflect"
	"sync"

	"spakky/cache/internal/codec"
	"spakky/cache/internal/host"
)

// GetOrLoad is the value of key; if there is none, or it is due to be refreshed, what
// loader returns, which is then stored. While the loader runs, no other caller in the
// whole fleet loads this key, nor does another goroutine: the others wait for its value,
// or go on reading the stale one.
//
// An error of the loader's comes back as it is, unless there is an entry to serve in its
// place ([Options.StaleIfError]); nothing is stored then, and the next caller loads, or, with
// [Options.RetryAfter], nobody does for a while. After a panic, which goes on, the next
// caller loads. A value that was loaded while its key was deleted, set or evicted is
// returned but not stored, and so is one that is too large or cannot be encoded.
//
// An entry that is no T is loaded anew. Others, to whom it is a value, go on reading it
// until then.
//
// A T that cannot be stored is [ErrSerialization] before the loader runs. The caller that
// loads gets the value as all later ones do: fields that a tag leaves out are zero, and
// what an any holds has the types that are read into one.
func GetOrLoad[T any](key string, options Options, loader func() (T, error)) (T, error) {
	return GetOrLoadContext(context.Background(), key, options, func(context.Context) (T, error) { return loader() })
}

// GetOrLoadContext is [GetOrLoad] for callers with a context: waiting for another's load
// ends with it, by its error. While the host waits, no goroutine of the component runs,
// so that only a deadline ends that. Loaders that start goroutines hand their context on:
// then a load that would wait for itself is [ErrLeaseHeld].
func GetOrLoadContext[T any](ctx context.Context, key string, options Options, loader func(context.Context) (T, error)) (T, error) {
	outcome, err := GetOrLoadOutcome(ctx, key, options, func(ctx context.Context) (Loaded[T], error) {
		value, err := loader(ctx)
		return Loaded[T]{Value: value}, err
	})
	return outcome.Value, err
}

// GetOrLoadOutcome is [GetOrLoadContext] for callers who want to know where the value comes
// from, and for loaders that choose how their value is stored.
func GetOrLoadOutcome[T any](ctx context.Context, key string, options Options, loader func(context.Context) (Loaded[T], error)) (Outcome[T], error) {
	load := loading{key: key, options: options, t: reflect.TypeFor[T](), find: findLease}
	load.loader = func(ctx context.Context) (reflect.Value, storing, error) {
		loaded, err := loader(ctx)
		value, how := loaded.chosen()
		return value, how, err
	}
	made, err := load.run(ctx)
	found := Outcome[T]{Source: made.Source, Stored: made.Stored, Err: made.Err, Age: made.Age, Version: made.Version}
	if err == nil {
		reflect.ValueOf(&found.Value).Elem().Set(made.Value)
	}
	return found, err
}

// loading is one call that loads, for values of any type: the algorithm is here alone.
type loading struct {
	key     string
	options Options
	t       reflect.Type
	loader  func(context.Context) (reflect.Value, storing, error)
	find    finder
}

// finder looks a key up, and hands the value of an entry to use while it lasts.
type finder func(ctx context.Context, key string, asked lookup, use func(*host.Found, []byte)) (host.Found, lease, error)

// lease is what a load needs of one.
type lease interface {
	Commit(data []byte, options host.Options) (bool, error)
	Pass(milliseconds uint64) (bool, error)
	Fail(milliseconds uint64) (bool, error)
	Drop()
	Within(ctx context.Context) context.Context
}

func findLease(ctx context.Context, key string, asked lookup, use func(*host.Found, []byte)) (host.Found, lease, error) {
	found, err := find(ctx, key, asked, use)
	return found, found.Lease, err
}

// outcome is that of a value of any type.
type outcome = Outcome[reflect.Value]

// passTime is how long nobody waits for a value that cannot be stored, in milliseconds.
const passTime = 60_000

func (l *loading) run(ctx context.Context) (outcome, error) {
	asked := lookup{options: l.options, t: l.t}
	for {
		var entry entry
		found, lease, err := l.find(ctx, l.key, asked, entry.take(l))
		if err != nil {
			return outcome{}, err
		}
		if found.Lease != nil || found.State == host.Pass {
			return l.fill(ctx, found, lease, entry)
		}
		made, err := entry.outcome(found)
		if err == nil {
			return made, nil
		}
		if asked.unless != nil {
			// Others may need the entry as it is, and this caller needs no entry.
			warnOnce("an entry cannot be decoded, and is loaded and not replaced", l.key, err)
			value, _, failed := l.loader(ctx)
			return outcome{Value: value, Source: FromPass, Err: err}, failed
		}
		asked.unless = &found.Version
	}
}

// fill loads the value, and stores it under the lease, if there is one.
func (l *loading) fill(ctx context.Context, found host.Found, lease lease, entry entry) (outcome, error) {
	defer lease.Drop()
	value, how, err := l.loader(lease.Within(ctx))
	if err != nil {
		return l.instead(found, lease, entry, err)
	}
	made := outcome{Value: value, Source: FromLoader}
	options, err := how.over(l.options)
	switch {
	case err != nil:
		return outcome{}, err
	case found.Lease == nil:
		made.Source = FromPass
		return made, nil
	case how.not:
		if how.passFor.set {
			_, err = lease.Pass(how.passFor.count)
		}
		return made, err
	}
	data, settled, err := codec.Settle(value)
	if err == nil {
		made.Value = settled
		made.Stored, err = lease.Commit(data, options.entry())
	}
	if errors.Is(err, ErrSerialization) || errors.Is(err, ErrValueTooLarge) {
		// Without this, those who wait would load one after the other.
		_, _ = lease.Pass(passTime)
		warnOnce("a value was loaded, and cannot be stored", l.key, err)
		made.Err, err = err, nil
	}
	return made, err
}

// instead is what a caller gets whose loader failed: the entry, if it may be served, or
// else the loader's error.
func (l *loading) instead(found host.Found, lease lease, entry entry, failed error) (outcome, error) {
	if pause := l.options.retryAfter; pause.set {
		_, _ = lease.Fail(pause.count) // the loader's error has the word
	}
	if !entry.kept {
		return outcome{}, failed
	}
	entry.decode(l.t, entry.data)
	made, err := entry.outcome(found)
	if err != nil {
		return outcome{}, failed
	}
	warnOnce("an entry could not be refreshed, and is served", l.key, failed)
	made.Err = failed
	return made, nil
}

// entry is what was found: its value, or, if it is to be refreshed, its bytes for the case
// that this fails.
type entry struct {
	value reflect.Value
	wrong error
	data  []byte
	kept  bool
}

func (e *entry) take(l *loading) func(*host.Found, []byte) {
	return func(found *host.Found, data []byte) {
		switch {
		case found.Lease == nil:
			e.decode(l.t, data)
		case found.Fresh || !l.options.noStaleIfError:
			e.data, e.kept = bytes.Clone(data), true
		}
	}
}

func (e *entry) decode(t reflect.Type, data []byte) {
	read := reflect.New(t)
	e.value, e.wrong = read.Elem(), codec.IntoValue(read)(data)
}

// outcome is that of a hit.
func (e *entry) outcome(found host.Found) (outcome, error) {
	made := outcome{
		Value: e.value, Source: FromStale, Age: milliseconds(found.AgeMS), Version: found.Version,
	}
	if found.Fresh {
		made.Source = FromHit
	}
	return made, e.wrong
}

var warned sync.Map // what was said

// warnOnce logs what would otherwise remain unseen, once in a process and cause.
func warnOnce(what, key string, err error) {
	if _, said := warned.LoadOrStore(what, true); !said {
		slog.Warn("cache: "+what+" (said once)", "key", key, "error", err)
	}
}
