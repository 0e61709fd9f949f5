// Package host calls the contract. It checks what would trap the component, text that
// is not UTF-8, and nothing else: the host checks the rest.
package host

import (
	"unicode/utf8"

	"spakky/cache/internal/fault"
)

// Options are how long an entry lives, in milliseconds, and what evicts it.
type Options struct {
	TTL, FreshFor *uint64
	Tags          []string
}

// Entry is a key and the bytes to store under it.
type Entry struct {
	Key   string
	Value []byte
}

// LookupOptions are what a lookup knows before it looks. MaxWait is in milliseconds. An
// entry whose version is Unless will not do.
type LookupOptions struct {
	Tags            []string
	MaxWait, Unless *uint64
	Strict          bool
}

// State is what a lookup found.
type State uint8

// The states of a lookup.
const (
	Miss State = iota
	Hit
	Stale
	Pass
)

// Found is what a lookup found, without the value.
type Found struct {
	State State
	// Version identifies the entry, and AgeMS is how long ago it was stored: of a hit, and
	// of a stale entry.
	Version, AgeMS uint64
	// Fresh: a stale entry is to be refreshed although it is still fresh.
	Fresh bool
	// Lease is there for a miss, and for a stale entry that this caller is to refresh.
	Lease *Lease
}

// Description is what is known of an entry without its value.
type Description struct {
	Version, AgeMS    uint64
	FreshForMS, TTLMS *uint64
	Tags              []string
	Size, LoadTimeMS  uint64
}

// Counts are the host's counts.
type Counts struct {
	Hits, Misses, Writes, Deletes, Clears, TagEvictions, StampedeWaits, Rejections uint64
}

// Settings are the host's settings.
type Settings struct {
	Host            string
	Port            uint16
	DB              uint32
	UseSSL          bool
	KeyPrefix       string
	SocketTimeoutMS uint64
	Scheme          string
	ConnectionURL   string
}

// Detail is one value of a report: a string, an int64, a float64 or a bool.
type Detail struct {
	Name  string
	Value any
}

// Component is what one component reports of itself.
type Component struct {
	Name     string
	Status   uint8
	Required bool
	Details  []Detail
}

// Report is the answer to a question after health.
type Report struct {
	Endpoint, Status uint8
	Components       []Component
}

// Group is values that belong together.
type Group struct {
	Name    string
	Entries []Detail
}

// Section is what one contributor adds to the info.
type Section struct {
	Name   string
	Groups []Group
}

// Copy is for who wants to keep what a call returned.
func Copy(to *[]byte) func([]byte) error {
	return func(data []byte) error {
		// Never nil: that would be a miss.
		*to = append(make([]byte, 0, len(data)), data...)
		return nil
	}
}

func checkKey(key string) error {
	if !utf8.ValidString(key) {
		return fault.Because(fault.InvalidKey, "a key is not UTF-8")
	}
	return nil
}

func checkKeys(keys []string) error {
	for _, key := range keys {
		if err := checkKey(key); err != nil {
			return err
		}
	}
	return nil
}

func checkTags(tags []string) error {
	for _, tag := range tags {
		if !utf8.ValidString(tag) {
			return fault.Because(fault.InvalidKey, "a tag is not UTF-8")
		}
	}
	return nil
}
