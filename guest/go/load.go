package cache

import (
	"context"
	"reflect"

	"spakky/cache/internal/codec"
	"spakky/cache/internal/host"
)

// GetOrLoad is the value of key; if there is none, or it is due to be refreshed, what
// loader returns, which is then stored. While the loader runs, no other caller in the
// whole fleet loads this key, nor does another goroutine: the others wait for its value,
// or go on reading the stale one.
//
// An error of the loader's comes back as it is; nothing is stored then, and the next
// caller loads. So it is after a panic, which goes on. A value that was loaded while
// its key was deleted, set or evicted is returned but not stored.
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
	var value T
	err := getOrLoad(ctx, key, options, reflect.ValueOf(&value).Elem(), func(ctx context.Context) (reflect.Value, error) {
		loaded, err := loader(ctx)
		return reflect.ValueOf(&loaded).Elem(), err
	})
	return value, err
}

// getOrLoad sets value, unless there is an error.
func getOrLoad(ctx context.Context, key string, options Options, value reflect.Value, loader func(context.Context) (reflect.Value, error)) error {
	read := reflect.New(value.Type())
	var wrong error
	found, err := find(ctx, key, options, value.Type(), func(found *host.Found, data []byte) {
		if found.Lease == nil {
			wrong = codec.IntoValue(read)(data)
		}
	})
	if err != nil {
		return err
	}
	switch {
	case found.State == host.Pass:
		loaded, err := loader(ctx)
		if err == nil {
			value.Set(loaded)
		}
		return err
	case found.Lease == nil:
		if wrong == nil {
			value.Set(read.Elem())
		}
		return wrong
	}
	lease := found.Lease
	defer lease.Drop()
	loaded, err := loader(lease.Within(ctx))
	if err != nil {
		return err
	}
	data, settled, err := codec.Settle(loaded)
	if err != nil {
		return err
	}
	if _, err := lease.Commit(data, options.entry()); err != nil {
		return err
	}
	value.Set(settled)
	return nil
}

// WriteThrough writes a value to its origin and to the cache: writer stores it in the
// origin, and while it does, readers of key miss and wait. If it succeeds, the value is
// cached, unless another write overtook this one. If it fails, its error comes back as
// it is, and the key is a miss. [*NotCachedError] is the cache's failure after the
// writer's success; after any other of the cache's errors, the writer did not run.
func WriteThrough[T any](key string, value T, options Options, writer func(T) error) error {
	if err := options.check(); err != nil {
		return err
	}
	// Before anything changes: a value that cannot be cached is not written.
	data, err := codec.Encode(value)
	if err != nil {
		return err
	}
	lease, err := host.BeginWrite(key, options.tags)
	if err != nil {
		return err
	}
	defer lease.Drop()
	if err := writer(value); err != nil {
		return err
	}
	if _, err := lease.Commit(data, options.entry()); err != nil {
		return &NotCachedError{err}
	}
	return nil
}

// WriteBehind caches a value, then writes it to its origin: readers see it before
// writer has stored it. If the writer fails, or panics, the entry is removed and its
// error comes back as it is; [*RollbackError] tells that it could not be removed.
//
// A writer that traps takes the component with it, and the entry stays until its time
// to live ends. [WriteThrough] has no such gap.
func WriteBehind[T any](key string, value T, options Options, writer func(T) error) error {
	if err := Set(key, value, options); err != nil {
		return err
	}
	returned := false
	defer func() {
		if !returned {
			_, _ = host.Delete(key) // the panic has the word
		}
	}()
	err := writer(value)
	returned = true
	if err == nil {
		return nil
	}
	if _, cause := host.Delete(key); cause != nil {
		return &RollbackError{err, cause}
	}
	return err
}
