package cache

import (
	"context"
	"errors"
	"reflect"
	"time"

	"spakky/cache/internal/codec"
	"spakky/cache/internal/fault"
	"spakky/cache/internal/host"
)

// State is what a caller that is ready to load finds.
type State uint8

const (
	// Miss: there is no entry, and this caller is the one to load it.
	Miss = State(host.Miss)
	// Hit: there is a fresh entry.
	Hit = State(host.Hit)
	// Stale: there is an entry past its fresh time, or so close to it that this caller
	// was chosen to refresh it early. It may be served.
	Stale = State(host.Stale)
	// Pass: there is no entry, and this caller loads for itself, without a lease: loads of
	// the key are not to be stored for now, or waiting for its loader would never end.
	Pass = State(host.Pass)
)

// String is the state's name.
func (s State) String() string {
	switch s {
	case Miss:
		return "miss"
	case Hit:
		return "hit"
	case Stale:
		return "stale"
	case Pass:
		return "pass"
	}
	return "unknown"
}

// Found is what [Lookup] found.
type Found[T any] struct {
	State State
	// Value is the entry's: of a hit, and of a stale entry.
	Value T
	// Version identifies the entry among all that its key ever held.
	Version uint64
	// Age is how long ago the entry was stored.
	Age time.Duration
	// Fresh: the entry is to be refreshed although it is still fresh.
	Fresh bool
	// Lease is there for a miss, and for a stale entry that this caller is to refresh.
	Lease *Lease[T]
}

// Lookup finds key, or makes this caller its one loader in the whole fleet, or waits
// until the loader is done: what [GetOrLoad] is made of. Of options, it takes the tags
// that the entry will have, as far as they are known, and the longest wait.
//
//	found, err := cache.Lookup[int]("answer", options)
//	if err != nil {
//		return err
//	}
//	defer found.Lease.Close()
//	if found.Lease != nil {
//		found.Value = 42
//		_, err = found.Lease.Commit(found.Value, options)
//	}
func Lookup[T any](key string, options Options) (Found[T], error) {
	var value T
	var wrong error
	asked := lookup{options: options, t: reflect.TypeFor[T]()}
	found, err := find(context.Background(), key, asked, func(_ *host.Found, data []byte) {
		wrong = codec.Into(&value)(data)
	})
	if err == nil && wrong != nil {
		found.Lease.Drop()
		err = wrong
	}
	if err != nil {
		return Found[T]{}, err
	}
	made := Found[T]{
		State: State(found.State), Value: value, Version: found.Version, Age: milliseconds(found.AgeMS), Fresh: found.Fresh,
	}
	if found.Lease != nil {
		made.Lease = &Lease[T]{found.Lease}
	}
	return made, nil
}

// lookup is what is looked up: a value of type t, and no entry that is unless.
type lookup struct {
	options Options
	t       reflect.Type
	unless  *uint64
}

// find looks key up, and again after each load of it in this component.
func find(ctx context.Context, key string, asked lookup, use func(*host.Found, []byte)) (host.Found, error) {
	options := asked.options
	if err := options.check(); err != nil {
		return host.Found{}, err
	}
	if err := codec.Storable(asked.t); err != nil {
		return host.Found{}, err
	}
	wait := waitFrom(ctx, options)
	for {
		if err := ctx.Err(); err != nil {
			return host.Found{}, err
		}
		found, loading, err := host.Lookup(key, host.LookupOptions{
			Tags: options.tags, MaxWait: wait.milliseconds(), Unless: asked.unless, Strict: options.strict,
		}, use)
		if err == nil {
			return found, nil
		}
		if loading == nil {
			return host.Found{}, wait.explain(err)
		}
		if err := loading.Wait(ctx, wait.left()); err != nil {
			return host.Found{}, wait.explain(err)
		}
	}
}

// wait is how long a lookup may wait for others' loads, all in all.
type wait struct {
	limited bool
	// By the context, and not by the options.
	byContext bool
	until     time.Time
}

func waitFrom(ctx context.Context, options Options) wait {
	var made wait
	if options.maxWait.set {
		made = wait{limited: true, until: time.Now().Add(milliseconds(options.maxWait.count))}
	}
	if deadline, has := ctx.Deadline(); has && (!made.limited || deadline.Before(made.until)) {
		made = wait{true, true, deadline}
	}
	return made
}

// left is negative without a limit.
func (w wait) left() time.Duration {
	if !w.limited {
		return -1
	}
	return max(0, time.Until(w.until))
}

func (w wait) milliseconds() *uint64 {
	if !w.limited {
		return nil
	}
	return new(roundUp(w.left()))
}

// explain makes the end of a context of what the host calls the end of the wait.
func (w wait) explain(err error) error {
	if w.byContext && errors.Is(err, ErrLockTimeout) && w.left() == 0 {
		return context.DeadlineExceeded
	}
	return err
}

// Lease is the right, and the duty, to fill one key with a value of type T. The host
// keeps it alive while the component holds it. Close gives it up, and one waiting
// caller takes over: defer that, and the key is free on every way out.
type Lease[T any] struct{ host *host.Lease }

// Commit stores the loaded value and wakes the callers that wait for it. False:
// something removed or replaced the key since the load began, or the lease was over
// before, so the value was not stored; it may still be used, once.
//
// Whatever the outcome, the lease is over: after an error the next caller loads.
func (l *Lease[T]) Commit(value T, options Options) (bool, error) {
	defer l.Close()
	if err := options.check(); err != nil {
		return false, err
	}
	data, err := codec.Encode(value)
	if err != nil {
		return false, err
	}
	if l == nil || l.host == nil {
		return false, nil
	}
	return l.host.Commit(data, options.entry())
}

// Pass stores nothing, and says that the next values will not be stored either: for so
// long, everyone who asks for the key loads, and nobody waits for another's load. An entry
// that was being refreshed is removed. False: something removed or replaced the key since
// the load began, or the lease is a write's or was over before. It is over now.
func (l *Lease[T]) Pass(pause time.Duration) (bool, error) {
	return l.hold(pause, (*host.Lease).Pass)
}

// Fail says that the load failed, and that nobody is to try again for so long, or for the
// longest time that the host allows: meanwhile an entry that was being refreshed is served,
// and lookups of a key that has none are [ErrLoadFailed]. False: the lease was lost, so that
// nothing is paused. It is over now.
func (l *Lease[T]) Fail(retryAfter time.Duration) (bool, error) {
	return l.hold(retryAfter, (*host.Lease).Fail)
}

func (l *Lease[T]) hold(pause time.Duration, call func(*host.Lease, uint64) (bool, error)) (bool, error) {
	defer l.Close()
	if wrong := impossible(pause); wrong != "" {
		return false, fault.Because(fault.InvalidTTL, "the pause is "+wrong)
	}
	if l == nil || l.host == nil {
		return false, nil
	}
	return call(l.host, roundUp(pause))
}

// Release gives the lease up, as Close does, and tells how that went.
func (l *Lease[T]) Release() error {
	if l == nil || l.host == nil {
		return nil
	}
	defer l.Close()
	return l.host.Release()
}

// Close gives the lease up, unless it is over or nil.
func (l *Lease[T]) Close() {
	if l != nil && l.host != nil {
		l.host.Drop()
		l.host = nil
	}
}
