package cache

import (
	"context"
	"reflect"

	"spakky/cache/internal/codec"
	"spakky/cache/internal/fault"
	"spakky/cache/internal/template"
)

// Key is the key, or tag, that a template and values for its placeholders make. The
// values are escaped, so that different values never make one key:
//
//	cache.Key("posts:{}:{}", "a:b", 7) // posts:a%3Ab:7
//
// {} stands for each value in its order, or {0} for the first; each has a place.
//
// A value is nil, a bool, a number, a text, or a pointer to one of these. A value with a
// method MarshalText or String is that text.
func Key(text string, values ...any) (string, error) {
	made, err := template.Parse(text)
	if err != nil {
		return "", err
	}
	places, err := made.Places(text, len(values))
	if err != nil {
		return "", err
	}
	return made.Fill(func(place int) (string, error) { return template.Format(values[places[place]]) })
}

// Cacheable makes a function that caches what load returns, as [GetOrLoad] does, under
// the key that the template makes of its arguments. F is a function of any number of
// arguments, the first of which may be a [context.Context], that returns a value and an
// error. In the template, and in the tags of options, {} stands for each argument in its
// order, the context aside, {0} for the first, and {Field} for a field of the argument
// that is a struct, or a pointer to one:
//
//	var profile = cache.Cacheable("profile:{}", cache.TTL(5*time.Minute).Tags("profiles"), load)
//
//	var posts = cache.Cacheable("posts:{}:{}", cache.TTL(time.Minute).Tags("user:{0}"),
//		func(ctx context.Context, user uint64, page int) ([]Post, error) { return read(ctx, user, page) })
//
// Without a template, the key is the function's name, as Go has it, and all arguments:
// example.com/shop/prices.price:7:eur. A function literal has no name, and needs a template.
//
// A load function that returns a [Loaded] chooses how its value is stored.
//
// It panics with [ErrKeyGeneration] where a template has no meaning, and with
// [ErrSerialization] where results cannot be stored, so that this is seen when the
// program starts. So it does where load is a method value such as repo.Load, or the
// template names nothing of an argument: two objects would share an entry. Name what
// tells them apart, or say [Options.Shared], which is also for arguments such as a
// database. What a function literal captures is not in the key either, and cannot be
// checked.
func Cacheable[F any](key string, options Options, load F) F {
	made := functionOf("Cacheable", load)
	if made.result == nil {
		panic("cache: Cacheable takes a function that returns a value and an error, not a " + made.t.String())
	}
	t, choosing := made.stored()
	if err := codec.Storable(t); err != nil {
		panic(err)
	}
	if key == "" {
		key = made.defaultKey()
	}
	keys, tags := made.bind(key), made.bindAll(options.tags)
	if !options.shared {
		made.distinct(key, keys)
	}
	return made.wrap(func(ctx context.Context, arguments []reflect.Value) (reflect.Value, error) {
		result := reflect.New(made.result).Elem()
		key, err := keys.Fill(arguments)
		if err != nil {
			return result, err
		}
		load := loading{key: key, options: options, t: t, find: findLease}
		if load.options.tags, err = fillAll(tags, arguments); err != nil {
			return result, err
		}
		load.loader = func(ctx context.Context) (reflect.Value, storing, error) {
			return choosing(made.call(ctx, arguments))
		}
		found, err := load.run(ctx)
		if err == nil {
			settle(result, t).Set(found.Value)
		}
		return result, err
	}).(F)
}

// Evict is what [CacheEvict] evicts: an entry, the entries of some tags, or everything.
// Key and Tags are templates as those of [Cacheable].
type Evict struct {
	Key  string
	Tags []string
	All  bool
}

// CacheEvict makes a function that evicts once change has succeeded, and nothing if it
// fails. F is a function as that of [Cacheable], or one that returns an error alone; what
// it returns comes back also where the eviction fails. It panics with [ErrKeyGeneration]
// where a template has no meaning, and where there is nothing to evict.
func CacheEvict[F any](what Evict, change F) F {
	if what.All == (what.Key != "" || len(what.Tags) != 0) {
		panic(fault.Because(fault.KeyGeneration, "evict either everything, or a key, tags or both"))
	}
	made := functionOf("CacheEvict", change)
	keys, tags := made.bind(what.Key), made.bindAll(what.Tags)
	return made.wrap(func(ctx context.Context, arguments []reflect.Value) (reflect.Value, error) {
		// Before anything changes: what has no key cannot be evicted afterwards.
		key, err := keys.Fill(arguments)
		if err != nil {
			return made.none(), err
		}
		filled, err := fillAll(tags, arguments)
		if err != nil {
			return made.none(), err
		}
		result, err := made.call(ctx, arguments)
		if err != nil {
			return result, err
		}
		return result, evict(what, key, filled)
	}).(F)
}

func evict(what Evict, key string, tags []string) error {
	if what.All {
		return Clear()
	}
	if what.Key != "" {
		if _, err := Delete(key); err != nil {
			return err
		}
	}
	if len(tags) == 0 {
		return nil
	}
	return EvictTags(tags...)
}
