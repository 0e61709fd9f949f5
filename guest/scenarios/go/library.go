package main

import (
	"encoding/json"

	"spakky/cache"
)

// libraryOperations are the steps that use the library.
var libraryOperations = map[string]reader{
	"get": func(f *fields) func(*player) (any, error) {
		key := read(f, "key", asText)
		return func(*player) (any, error) {
			value, hit, err := cache.Get[any](key)
			if err != nil {
				return nil, err
			}
			return found(value, hit)
		}
	},
	"get_many": func(f *fields) func(*player) (any, error) {
		keys := read(f, "keys", asList(asText))
		return func(*player) (any, error) { return getMany(keys) }
	},
	"set": func(f *fields) func(*player) (any, error) {
		key, value := read(f, "key", asText), read(f, "value", asValue)
		options := or(f, "options", asOptions, cache.Options{})
		return func(*player) (any, error) { return nil, cache.Set(key, value, options) }
	},
	"set_many": func(f *fields) func(*player) (any, error) {
		entries := read(f, "entries", asList(asPair))
		options := or(f, "options", asOptions, cache.Options{})
		return func(*player) (any, error) { return nil, cache.SetMany(entries, options) }
	},
	"delete": func(f *fields) func(*player) (any, error) {
		key := read(f, "key", asText)
		return func(*player) (any, error) { return cache.Delete(key) }
	},
	"delete_many": func(f *fields) func(*player) (any, error) {
		keys := read(f, "keys", asList(asText))
		return func(*player) (any, error) { return cache.DeleteMany(keys...) }
	},
	"evict_tags": func(f *fields) func(*player) (any, error) {
		tags := read(f, "tags", asList(asText))
		return func(*player) (any, error) { return nil, cache.EvictTags(tags...) }
	},
	"clear": func(*fields) func(*player) (any, error) {
		return func(*player) (any, error) { return nil, cache.Clear() }
	},
	"get_or_load": func(f *fields) func(*player) (any, error) {
		key, loader := read(f, "key", asText), read(f, "loader", asWork)
		options := or(f, "options", asOptions, cache.Options{})
		return func(p *player) (any, error) { return p.getOrLoad(key, options, loader) }
	},
	"write_through": func(f *fields) func(*player) (any, error) { return write(f, true) },
	"write_behind":  func(f *fields) func(*player) (any, error) { return write(f, false) },
	"cacheable": func(f *fields) func(*player) (any, error) {
		argument := profileOf(f, read(f, "id", asText))
		return func(*player) (any, error) {
			value, err := profile(argument)
			if err != nil {
				return nil, err
			}
			return object{"value": value, "calls": calls}, nil
		}
	},
	"cache_evict": func(f *fields) func(*player) (any, error) {
		by, argument := read(f, "by", asEvictor), profileOf(f, or(f, "id", asText, ""))
		return func(*player) (any, error) { return nil, by(argument) }
	},
	"metrics": func(*fields) func(*player) (any, error) {
		return func(*player) (any, error) { return counts(), nil }
	},
	"config": func(*fields) func(*player) (any, error) {
		return func(*player) (any, error) { return settings(), nil }
	},
	"health": func(f *fields) func(*player) (any, error) {
		endpoint := read(f, "endpoint", asEndpoint)
		return func(*player) (any, error) { return report(cache.Health(endpoint)) }
	},
	"info": func(*fields) func(*player) (any, error) {
		return func(*player) (any, error) { return sections(cache.Info()) }
	},
	"abandon": func(f *fields) func(*player) (any, error) {
		key, how := read(f, "key", asText), read(f, "how", asHow)
		return func(*player) (any, error) { return nil, abandon(key, how) }
	},
	"misuse": func(*fields) func(*player) (any, error) {
		return func(*player) (any, error) { return misuse(), nil }
	},
	"hits": func(f *fields) func(*player) (any, error) {
		key, times := read(f, "key", asText), read(f, "times", asWhole)
		return func(*player) (any, error) { return hits(key, times) }
	},
}

func write(f *fields, through bool) func(*player) (any, error) {
	key, value := read(f, "key", asText), read(f, "value", asValue)
	options := or(f, "options", asOptions, cache.Options{})
	writer := or(f, "writer", asWriter, work{})
	return func(p *player) (any, error) { return nil, p.write(through, key, value, options, writer) }
}

func found(value any, hit bool) (any, error) {
	if !hit {
		return object{"hit": false}, nil
	}
	json, err := toJSON(value)
	return object{"hit": true, "value": json}, err
}

func getMany(keys []string) (any, error) {
	values, err := cache.GetMany[any](keys)
	if err != nil {
		return nil, err
	}
	all := make([]any, len(values))
	for i, value := range values {
		if value == nil {
			all[i] = object{"hit": false}
		} else if all[i], err = found(*value, true); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func hits(key string, times uint64) (any, error) {
	count := 0
	for range times {
		_, hit, err := cache.Get[any](key)
		if err != nil {
			return nil, err
		}
		if hit {
			count++
		}
	}
	return count, nil
}

// abandon takes a lease, and leaves its scope without a commit.
func abandon(key, how string) (err error) {
	defer func() {
		if thrown := recover(); thrown != nil && thrown != how {
			panic(thrown)
		}
	}()
	found, err := cache.Lookup[any](key, cache.Options{})
	if err != nil {
		return err
	}
	defer found.Lease.Close()
	if how == "throw" {
		panic(how)
	}
	return nil
}

func asHow(text json.RawMessage) (string, error) {
	how, err := asText(text)
	if err == nil && how != "return" && how != "throw" {
		err = protocol("not `return` and not `throw`")
	}
	return how, err
}
