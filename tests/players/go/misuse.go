package main

import (
	"context"
	"errors"
	"math"
	"math/big"
	"slices"
	"time"

	"github.com/fxamacker/cbor/v2"

	"spakky/cache"
	"spakky/cache/raw"
)

// What Go lets through, and the contract does not take.

const notUTF8 = "\xff"

var none cache.Options

// misuse is the names of the calls that the library did not refuse.
func misuse() []string {
	missed := []string{}
	for name, call := range misuses() {
		if _, refused := errors.AsType[*cache.Error](caught(call)); !refused {
			missed = append(missed, name)
		}
	}
	slices.Sort(missed)
	return missed
}

// caught is a call's error, returned or thrown.
func caught(call func() error) (err error) {
	defer func() {
		if thrown := recover(); thrown != nil {
			err, _ = thrown.(error)
		}
	}()
	return call()
}

func misuses() map[string]func() error {
	all := map[string]func() error{}
	for _, some := range []map[string]func() error{keys(), rawKeys(), times(), templates()} {
		for name, call := range some {
			all[name] = call
		}
	}
	for name, value := range unencodable() {
		all["set "+name] = func() error { return cache.Set("misuse", value, none) }
		all["set_many "+name] = func() error {
			return cache.SetMany([]cache.Entry[any]{{Key: "misuse", Value: value}}, none)
		}
		all["write_through "+name] = func() error {
			return cache.WriteThrough("misuse", value, none, func(any) error { return errors.New("called") })
		}
	}
	return all
}

func second[T any](_ T, err error) error { return err }

func keys() map[string]func() error {
	tag := none.Tags(notUTF8)
	write := func(string) error { return errors.New("called") }
	load := func() (string, error) { return "", errors.New("called") }
	return map[string]func() error{
		"get": func() error {
			_, _, err := cache.Get[string](notUTF8)
			return err
		},
		"get_many":          func() error { return second(cache.GetMany[string]([]string{"k", notUTF8})) },
		"set":               func() error { return cache.Set(notUTF8, "v", none) },
		"set tag":           func() error { return cache.Set("misuse", "v", tag) },
		"set_many":          func() error { return cache.SetMany([]cache.Entry[int]{{Key: notUTF8}}, none) },
		"set_many tag":      func() error { return cache.SetMany([]cache.Entry[int]{{Key: "misuse"}}, tag) },
		"delete":            func() error { return second(cache.Delete(notUTF8)) },
		"delete_many":       func() error { return second(cache.DeleteMany("k", notUTF8)) },
		"evict_tags":        func() error { return cache.EvictTags("t", notUTF8) },
		"lookup":            func() error { return second(cache.Lookup[string](notUTF8, none)) },
		"lookup tag":        func() error { return second(cache.Lookup[string]("misuse", tag)) },
		"get_or_load":       func() error { return second(cache.GetOrLoad(notUTF8, none, load)) },
		"get_or_load tag":   func() error { return second(cache.GetOrLoad("misuse", tag, load)) },
		"write_through":     func() error { return cache.WriteThrough(notUTF8, "v", none, write) },
		"write_through tag": func() error { return cache.WriteThrough("misuse", "v", tag, write) },
		"write_behind":      func() error { return cache.WriteBehind(notUTF8, "v", none, write) },
		"write_behind tag":  func() error { return cache.WriteBehind("misuse", "v", tag, write) },
		"commit tag": func() error {
			found, err := cache.Lookup[string]("misuse commit", none)
			if err != nil {
				return err
			}
			return second(found.Lease.Commit("v", tag))
		},
	}
}

func rawKeys() map[string]func() error {
	tag := raw.Options{Tags: []string{notUTF8}}
	return map[string]func() error{
		"raw.get": func() error {
			_, _, err := raw.Get(notUTF8)
			return err
		},
		"describe": func() error {
			_, _, err := cache.Describe(notUTF8)
			return err
		},
		"raw.get_many":        func() error { return second(raw.GetMany([]string{notUTF8})) },
		"raw.set":             func() error { return raw.Set(notUTF8, nil, raw.Options{}) },
		"raw.set tag":         func() error { return raw.Set("misuse", nil, tag) },
		"raw.set_many":        func() error { return raw.SetMany([]raw.Entry{{Key: notUTF8}}, raw.Options{}) },
		"raw.lookup":          func() error { return second(raw.Lookup(notUTF8, raw.LookupOptions{})) },
		"raw.lookup tag":      func() error { return second(raw.Lookup("misuse", raw.LookupOptions{Tags: []string{notUTF8}})) },
		"raw.describe":        func() error { return second(raw.Describe(notUTF8)) },
		"raw.begin_write":     func() error { return second(raw.BeginWrite(notUTF8, nil)) },
		"raw.begin_write tag": func() error { return second(raw.BeginWrite("misuse", []string{notUTF8})) },
		"raw.commit tag": func() error {
			found, err := raw.Lookup("misuse commit", raw.LookupOptions{})
			if err != nil {
				return err
			}
			defer found.Lease.Drop()
			return second(found.Lease.Commit(nil, tag))
		},
	}
}

func times() map[string]func() error {
	all := map[string]func() error{}
	for name, options := range map[string]cache.Options{
		"zero":               cache.TTL(0),
		"negative":           cache.TTL(-time.Second),
		"a microsecond":      cache.TTL(time.Microsecond),
		"the least":          cache.TTL(math.MinInt64),
		"NaN":                cache.TTLSeconds(math.NaN()),
		"infinity":           cache.TTLSeconds(math.Inf(1)),
		"negative infinity":  cache.TTLSeconds(math.Inf(-1)),
		"zero seconds":       cache.TTLSeconds(0),
		"too many seconds":   cache.TTLSeconds(1e300),
		"fresh zero":         none.FreshFor(0),
		"fresh negative":     none.FreshFor(-1),
		"fresh NaN":          none.FreshForSeconds(math.NaN()),
		"fresh for longer":   cache.TTL(time.Second).FreshFor(time.Minute),
		"a negative waiting": none.MaxWait(-1),
		"no pause":           none.RetryAfter(0),
	} {
		all["time: "+name] = func() error { return cache.Set("misuse", "v", options) }
		all["lookup time: "+name] = func() error {
			found, err := cache.Lookup[string]("misuse", options)
			found.Lease.Close()
			return err
		}
	}
	return all
}

type node struct{ Next *node }

func unencodable() map[string]any {
	ring := &node{}
	ring.Next = ring
	list := []any{nil}
	list[0] = list
	var deep any
	for range 300 {
		deep = []any{deep}
	}
	return map[string]any{
		"a function":           func() {},
		"a channel":            make(chan int),
		"a complex number":     complex(1, 2),
		"an error":             map[string]any{"ctx": context.Background().Done},
		"a zero time":          []any{time.Time{}},
		"the year 10000":       time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC),
		"a map to nothing":     map[string]struct{}{},
		"text that is not one": []string{notUTF8},
		"a key that is not":    map[string]int{notUTF8: 1},
		"2^64":                 new(big.Int).Lsh(big.NewInt(1), 64),
		"less than -2^64":      new(big.Int).Neg(new(big.Int).Lsh(big.NewInt(3), 64)),
		"a tag":                cbor.Tag{Number: 0, Content: "2026-11-26"},
		"undefined":            cbor.SimpleValue(23),
		"no CBOR":              cbor.RawMessage{0xff},
		"two values":           cbor.RawMessage{1, 1},
		"a ring":               ring,
		"a list in itself":     list,
		"too many levels":      deep,
		"a key twice":          map[any]any{int8(1): 1, int64(1): 2},
	}
}

type couple struct{ A, B string }

func (p couple) load(string) (string, error) { return p.A, nil }

func templates() map[string]func() error {
	make := func(text string) func() error {
		return func() error {
			cache.Cacheable(text, none, func(couple) (string, error) { return "", nil })
			return nil
		}
	}
	return map[string]func() error{
		"key: nothing between":   make("{A}{B}"),
		"key: no such field":     make("{C}"),
		"key: another case":      make("{a}"),
		"key: no name":           make("{}"),
		"key: an open brace":     make("x{A"),
		"key: a closing brace":   make("x}"),
		"key: too few values":    func() error { return second(cache.Key("{}:{}", 1)) },
		"key: too many values":   func() error { return second(cache.Key("{}", 1, 2)) },
		"key: a number too high": func() error { return second(cache.Key("{0}:{2}", 1, 2)) },
		"key: no name, no key": func() error {
			cache.Cacheable("", none, func(string) (int, error) { return 0, nil })
			return nil
		},
		"key: a list": func() error { return second(cache.Key("{}", []string{"a"})) },
		"key: NaN":    func() error { return second(cache.Key("{}", math.NaN())) },
		"key: a method": func() error {
			cache.Cacheable("k:{}", none, couple{}.load)
			return nil
		},
		"evict: nothing": func() error { cache.CacheEvict(cache.Evict{}, func(couple) error { return nil }); return nil },
		"evict: all and a key": func() error {
			cache.CacheEvict(cache.Evict{All: true, Key: "k"}, func(couple) error { return nil })
			return nil
		},
		"tag: no such field": func() error {
			cache.Cacheable("k", none.Tags("{C}"), func(couple) (int, error) { return 0, nil })
			return nil
		},
		"key: fields of a text": func() error { cache.Cacheable("{A}", none, func(string) (int, error) { return 0, nil }); return nil },
	}
}
