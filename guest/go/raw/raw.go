// Package raw is the contract itself: bytes instead of types, milliseconds instead of
// durations. For values with an encoding of their own, and for tests of a host.
//
// Only text that is not UTF-8 is refused here, as [spakky/cache.ErrInvalidKey]; the
// host checks everything else.
package raw

import "spakky/cache/internal/host"

// Options are how long an entry lives, in milliseconds, and what evicts it. A nil TTL
// keeps the entry, and a nil FreshFor lets it be fresh for as long as it lives.
type Options = host.Options

// Entry is a key and the bytes to store under it.
type Entry = host.Entry

// State is what a lookup found.
type State = host.State

// The states of a lookup.
const (
	Miss  = host.Miss
	Hit   = host.Hit
	Stale = host.Stale
)

// Found is what [Lookup] found.
type Found struct {
	State State
	// Value is the entry's, unless it is a miss.
	Value []byte
	// Lease is there for a miss, and for a stale entry that this caller is to refresh.
	Lease *Lease
}

// Lease is the right, and the duty, to fill one key. Drop gives it up, and one waiting
// caller takes over; Leak keeps it until the component ends.
//
// Commit stores the loaded value. False: something removed or replaced the key since
// the load began, so the value was not stored. A lease is spent by its first commit,
// and further ones answer false. A commit refused for its arguments spends nothing.
type Lease = host.Lease

// Get is the value of key, and whether there is one. Never waits for a loader.
func Get(key string) ([]byte, bool, error) {
	var value []byte
	found, err := host.Get(key, host.Copy(&value))
	return value, found, err
}

// GetMany is the values of keys, in their order, in one round trip: nil where there is
// none.
func GetMany(keys []string) ([][]byte, error) {
	values := make([][]byte, len(keys))
	err := host.GetMany(keys, func(place int, data []byte) error { return host.Copy(&values[place])(data) })
	return values, err
}

// Set stores an entry. A load of the same key that is under way can no longer be
// stored.
func Set(key string, value []byte, options Options) error { return host.Set(key, value, options) }

// SetMany stores entries that share their options, in one round trip. All of them are
// checked before any is written. Of a key named twice, the last stays.
func SetMany(entries []Entry, options Options) error { return host.SetMany(entries, options) }

// Lookup finds key, or makes this caller its one loader in the whole fleet, or waits
// until the loader is done: for maxWait milliseconds at most, and no longer than the
// host allows.
func Lookup(key string, tags []string, maxWait *uint64) (Found, error) {
	var found Found
	var err error
	found.State, found.Lease, _, err = host.Lookup(key, tags, maxWait, func(data []byte, _ bool) error {
		return host.Copy(&found.Value)(data)
	})
	return found, err
}

// BeginWrite removes key and takes its lease from whoever holds it: the first step of
// a write to the origin. Readers miss, and wait, until it is committed or dropped.
func BeginWrite(key string, tags []string) (*Lease, error) { return host.BeginWrite(key, tags) }
