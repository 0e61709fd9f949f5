package cache

import (
	"spakky/cache/internal/codec"
	"spakky/cache/internal/host"
)

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
