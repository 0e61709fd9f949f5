//go:build !wasip1

package host

import "spakky/cache/internal/fault"

// Outside a component there is no host, so every operation that can fail does. What
// is checked before the host is called is checked here, too.

// Lease is the right to fill one key: there is none here.
type Lease struct{}

// Get finds nothing.
func Get(key string, _ func([]byte) error) (bool, error) { return false, missing(checkKey(key)) }

// GetMany finds nothing.
func GetMany(keys []string, _ func(int, []byte) error) error { return missing(checkKeys(keys)) }

// Set stores nothing.
func Set(key string, _ []byte, options Options) error {
	return missing(checkKey(key), checkTags(options.Tags))
}

// SetMany stores nothing.
func SetMany(entries []Entry, options Options) error {
	for _, entry := range entries {
		if err := checkKey(entry.Key); err != nil {
			return err
		}
	}
	return missing(checkTags(options.Tags))
}

// Delete removes nothing.
func Delete(key string) (bool, error) { return false, missing(checkKey(key)) }

// DeleteMany removes nothing.
func DeleteMany(keys []string) (uint64, error) { return 0, missing(checkKeys(keys)) }

// EvictTags evicts nothing.
func EvictTags(tags []string) error { return missing(checkTags(tags)) }

// Clear evicts nothing.
func Clear() error { return missing() }

// Lookup finds nothing.
func Lookup(key string, options LookupOptions, _ func(*Found, []byte)) (Found, *Loading, error) {
	return Found{}, nil, missing(checkKey(key), checkTags(options.Tags))
}

// Describe knows nothing.
func Describe(key string) (*Description, error) { return nil, missing(checkKey(key)) }

// BeginWrite takes no lease.
func BeginWrite(key string, tags []string) (*Lease, error) {
	return nil, missing(checkKey(key), checkTags(tags))
}

// Commit stores nothing.
func (l *Lease) Commit([]byte, Options) (bool, error) { return false, missing() }

// Pass passes nothing.
func (l *Lease) Pass(uint64) (bool, error) { return false, missing() }

// Fail holds nothing back.
func (l *Lease) Fail(uint64) (bool, error) { return false, missing() }

// Release has nothing to give up.
func (l *Lease) Release() error { return nil }

func (l *Lease) current() *Loading { return nil }

// Drop has nothing to give up.
func (l *Lease) Drop() {}

// Leak has nothing to forget.
func (l *Lease) Leak() {}

// Metrics are zero.
func Metrics() Counts { return Counts{} }

// Config is empty.
func Config() Settings { return Settings{} }

// Health is that of nothing.
func Health(endpoint uint8) Report { return Report{Endpoint: endpoint} }

// Info is empty.
func Info() []Section { return nil }

func missing(checks ...error) error {
	for _, err := range checks {
		if err != nil {
			return err
		}
	}
	return fault.Because(fault.Unavailable, "this program does not run in a component")
}
