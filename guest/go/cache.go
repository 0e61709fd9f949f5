package cache

import (
	"time"

	"spakky/cache/internal/codec"
	"spakky/cache/internal/host"
)

// Entry is a key and its value, for [SetMany].
type Entry[T any] struct {
	Key   string
	Value T
}

// Get is the value of key, and whether there is one. It never waits for a loader. An
// entry that is no T is [ErrSerialization].
func Get[T any](key string) (value T, found bool, err error) {
	found, err = host.Get(key, codec.Into(&value))
	if err != nil {
		var none T
		return none, false, err
	}
	return value, found, nil
}

// GetMany is the values of keys, in their order, in one round trip: nil where there is
// none, and where one could not be read. The error is the first of these: an entry that is
// no T is [ErrSerialization].
func GetMany[T any](keys []string) ([]*T, error) {
	values := make([]*T, len(keys))
	err := host.GetMany(keys, func(place int, data []byte) error {
		value := new(T)
		if err := codec.Into(value)(data); err != nil {
			return err
		}
		values[place] = value
		return nil
	})
	return values, err
}

// Set stores an entry. A load of the same key that is under way can no longer be
// stored.
func Set[T any](key string, value T, options Options) error {
	if err := options.check(); err != nil {
		return err
	}
	data, err := codec.Encode(value)
	if err != nil {
		return err
	}
	return host.Set(key, data, options.entry())
}

// SetMany stores entries that share their options, in one round trip. All of them are
// checked before any is written. Of a key named twice, the last stays. Where entries are
// kept in several places, some may be stored although there is an error.
func SetMany[T any](entries []Entry[T], options Options) error {
	if err := options.check(); err != nil {
		return err
	}
	encoded := make([]host.Entry, len(entries))
	for i, entry := range entries {
		data, err := codec.Encode(entry.Value)
		if err != nil {
			return err
		}
		encoded[i] = host.Entry{Key: entry.Key, Value: data}
	}
	return host.SetMany(encoded, options.entry())
}

// Description is what is known of an entry without its value.
type Description struct {
	// Version identifies the entry among all that its key ever held.
	Version uint64
	// Age is how long ago it was stored.
	Age time.Duration
	// FreshFor is how much longer it is fresh: zero, it is stale; nil, for as long as it
	// lives.
	FreshFor *time.Duration
	// TTL is how much longer it lives: nil, until something removes it.
	TTL *time.Duration
	// Tags are those that evict it.
	Tags []string
	// Size is that of its value, in bytes.
	Size uint64
	// LoadTime is how long its load took; zero if it was stored without one.
	LoadTime time.Duration
}

// Describe is what is known of the entry of key, and whether there is one. It is not counted
// as a read.
func Describe(key string) (Description, bool, error) {
	found, err := host.Describe(key)
	if err != nil || found == nil {
		return Description{}, false, err
	}
	optional := func(count *uint64) *time.Duration {
		if count == nil {
			return nil
		}
		return new(milliseconds(*count))
	}
	return Description{
		Version:  found.Version,
		Age:      milliseconds(found.AgeMS),
		FreshFor: optional(found.FreshForMS),
		TTL:      optional(found.TTLMS),
		Tags:     found.Tags,
		Size:     found.Size,
		LoadTime: milliseconds(found.LoadTimeMS),
	}, true, nil
}

// Delete removes an entry; says whether there was one.
func Delete(key string) (bool, error) { return host.Delete(key) }

// DeleteMany removes entries, in one round trip; says how many there were. Where entries
// are kept in several places, some may be removed although there is an error.
func DeleteMany(keys ...string) (uint64, error) { return host.DeleteMany(keys) }

// EvictTags evicts every entry that has one of tags, at once and however many there
// are. Once this returns, no caller anywhere reads an entry whose load began before
// the call.
func EvictTags(tags ...string) error { return host.EvictTags(tags) }

// Clear evicts every entry of this component's cache, as [EvictTags] does.
func Clear() error { return host.Clear() }

// Encode is a value as it is stored, for the package raw.
func Encode[T any](value T) ([]byte, error) { return codec.Encode(value) }

// Decode is the value that is stored as data.
func Decode[T any](data []byte) (T, error) {
	var value, none T
	if err := codec.Into(&value)(data); err != nil {
		return none, err
	}
	return value, nil
}
