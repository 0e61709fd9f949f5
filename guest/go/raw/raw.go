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

// LookupOptions are what a lookup knows before it looks: the tags that the entry will be
// stored with, how many milliseconds to wait at most, and the version of an entry that
// will not do. Strict: the backend has to be asked, even where the host may answer from
// copies of its own.
type LookupOptions = host.LookupOptions

// State is what a lookup found.
type State = host.State

// The states of a lookup.
const (
	Miss  = host.Miss
	Hit   = host.Hit
	Stale = host.Stale
	Pass  = host.Pass
)

// Found is what [Lookup] found.
type Found struct {
	host.Found
	// Value is the entry's: of a hit, and of a stale entry.
	Value []byte
}

// Description is what is known of an entry without its value.
type Description = host.Description

// Lease is the right, and the duty, to fill one key. Drop gives it up, and one waiting
// caller takes over; Leak keeps it until the component ends.
//
// Commit stores the loaded value. False: something removed or replaced the key since
// the load began, so the value was not stored. Pass stores nothing, and lets everyone load
// without a lease for so many milliseconds; Fail lets nobody load for so long. A lease is
// spent by the first of these that takes effect, and further ones answer false. One that
// is refused for its arguments spends nothing.
type Lease = host.Lease

// Get is the value of key, and whether there is one. Never waits for a loader.
func Get(key string) ([]byte, bool, error) {
	var value []byte
	found, err := host.Get(key, host.Copy(&value))
	return value, found, err
}

// GetMany is the values of keys, in their order, in one round trip: nil where there is
// none, and where one could not be read. The error is the first of these.
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

// Describe is what is known of the entry of key, or nil for a miss. Not counted as a read.
func Describe(key string) (*Description, error) { return host.Describe(key) }

// Lookup finds key, or makes this caller its one loader in the whole fleet, or waits
// until the loader is done, no longer than the host allows.
func Lookup(key string, options LookupOptions) (Found, error) {
	var made Found
	found, _, err := host.Lookup(key, options, func(_ *host.Found, data []byte) { _ = host.Copy(&made.Value)(data) })
	made.Found = found
	return made, err
}

// BeginWrite removes key and takes its lease from whoever holds it: the first step of
// a write to the origin. Readers miss, and wait, until it is committed or dropped.
func BeginWrite(key string, tags []string) (*Lease, error) { return host.BeginWrite(key, tags) }
