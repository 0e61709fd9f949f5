package main

import (
	"encoding/hex"
	"encoding/json"

	"spakky/cache"
	"spakky/cache/raw"
)

// leases are what steps got, by name.
type leases map[string]*raw.Lease

// keep keeps a lease; one that was kept under the name is dropped.
func (l leases) keep(name string, lease *raw.Lease) {
	l[name].Drop()
	l[name] = lease
}

// take is a lease that is not kept any more.
func (l leases) take(name string) (*raw.Lease, error) {
	lease, ok := l[name]
	if !ok {
		return nil, protocol("no lease `" + name + "` is held")
	}
	delete(l, name)
	return lease, nil
}

// contractOperations are the steps that go past the library.
var contractOperations = map[string]reader{
	"lookup": func(f *fields) func(*player) (any, error) {
		key, tags := read(f, "key", asText), or(f, "tags", asList(asText), nil)
		wait, name := maybe(f, "max_wait_ms", asWhole), leaseName(f, key)
		return func(p *player) (any, error) { return p.lookup(key, tags, wait, name) }
	},
	"begin_write": func(f *fields) func(*player) (any, error) {
		key, tags := read(f, "key", asText), or(f, "tags", asList(asText), nil)
		name := leaseName(f, key)
		return func(p *player) (any, error) {
			lease, err := raw.BeginWrite(key, tags)
			if err == nil {
				p.leases.keep(name, lease)
			}
			return nil, err
		}
	},
	"commit": func(f *fields) func(*player) (any, error) {
		name, content := read(f, "lease", asText), readContent(f)
		options := or(f, "options", asRawOptions, raw.Options{})
		return func(p *player) (any, error) {
			bytes, err := content()
			if err != nil {
				return nil, err
			}
			lease, ok := p.leases[name]
			if !ok {
				return nil, protocol("no lease `" + name + "` is held")
			}
			return lease.Commit(bytes, options)
		}
	},
	"drop": func(f *fields) func(*player) (any, error) {
		name := read(f, "lease", asText)
		return func(p *player) (any, error) {
			lease, err := p.leases.take(name)
			lease.Drop()
			return nil, err
		}
	},
	"leak": func(f *fields) func(*player) (any, error) {
		name := read(f, "lease", asText)
		return func(p *player) (any, error) {
			lease, err := p.leases.take(name)
			if err == nil {
				lease.Leak()
			}
			return nil, err
		}
	},
	"raw_get": func(f *fields) func(*player) (any, error) {
		key := read(f, "key", asText)
		return func(*player) (any, error) {
			bytes, hit, err := raw.Get(key)
			if err != nil || !hit {
				return object{"hit": false}, err
			}
			return object{"hit": true, "hex": hex.EncodeToString(bytes)}, nil
		}
	},
	"raw_set": func(f *fields) func(*player) (any, error) {
		key, content := read(f, "key", asText), readContent(f)
		options := or(f, "options", asRawOptions, raw.Options{})
		return func(*player) (any, error) {
			bytes, err := content()
			if err != nil {
				return nil, err
			}
			return nil, raw.Set(key, bytes, options)
		}
	},
}

func (p *player) lookup(key string, tags []string, wait *uint64, name string) (any, error) {
	found, err := raw.Lookup(key, tags, wait)
	if err != nil {
		return nil, err
	}
	if found.Lease != nil {
		p.leases.keep(name, found.Lease)
	}
	if found.State == raw.Miss {
		return object{"result": "miss"}, nil
	}
	value, err := decode(found.Value)
	if err != nil {
		return nil, err
	}
	if found.State == raw.Hit {
		return object{"result": "hit", "value": value}, nil
	}
	return object{"result": "stale", "value": value, "refresh": found.Lease != nil}, nil
}

func leaseName(f *fields, key string) string {
	if name := maybe(f, "lease", asText); name != nil {
		return *name
	}
	return key
}

func asRawOptions(text json.RawMessage) (raw.Options, error) {
	f := readFields(text)
	options := raw.Options{
		TTL:      maybe(f, "ttl_ms", asWhole),
		FreshFor: maybe(f, "fresh_ms", asWhole),
		Tags:     or(f, "tags", asList(asText), nil),
	}
	return options, f.done()
}

// readContent reads the bytes of a value: encoded, given, or just so many.
func readContent(f *fields) func() ([]byte, error) {
	_, isValue := f.left["value"]
	value := or(f, "value", asValue, nil)
	digits := maybe(f, "hex", asText)
	count := maybe(f, "bytes", asWhole)
	switch {
	case isValue && digits == nil && count == nil:
		return func() ([]byte, error) { return cache.Encode(value) }
	case digits != nil && !isValue && count == nil:
		bytes, err := hex.DecodeString(*digits)
		if err != nil {
			f.refuse(err.Error())
		}
		return func() ([]byte, error) { return bytes, nil }
	case count != nil && !isValue && digits == nil:
		return func() ([]byte, error) { return make([]byte, *count), nil }
	}
	f.refuse("one of `value`, `hex` and `bytes`")
	return nil
}

func decode(bytes []byte) (any, error) {
	value, err := cache.Decode[any](bytes)
	if err != nil {
		return nil, err
	}
	return toJSON(value)
}
