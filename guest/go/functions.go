package cache

import (
	"reflect"
	"runtime"
	"strings"

	"spakky/cache/internal/fault"
	"spakky/cache/internal/template"
)

// Key is the key, or tag, that a template and values for its placeholders make. The
// values are escaped, so that different values never make one key:
//
//	cache.Key("posts:{}:{}", "a:b", 7) // posts:a%3Ab:7
//
// A value is nil, a bool, a number, a text, or a pointer to one of these. A value with a
// method MarshalText or String is that text.
func Key(text string, values ...any) (string, error) {
	made, err := template.Parse(text)
	if err != nil {
		return "", err
	}
	if len(made.Names()) != len(values) {
		return "", fault.Because(fault.KeyGeneration, "the template `"+text+"` has another number of placeholders than there are values")
	}
	for _, name := range made.Names() {
		if name != "" {
			return "", fault.Because(fault.KeyGeneration, "the template `"+text+"` names `"+name+"`: the values have no names, {} stands for each")
		}
	}
	return made.Fill(func(place int) (string, error) { return template.Format(values[place]) })
}

// Cacheable makes a function that caches what load returns, as [GetOrLoad] does, under
// the key that the template makes of its argument. In the template, and in the tags of
// options, {Field} stands for a field of an argument that is a struct, and {} for an
// argument that is none:
//
//	var profile = cache.Cacheable("profile:{}", cache.TTL(5*time.Minute).Tags("profiles"), load)
//
// It panics with [ErrKeyGeneration] where a template has no meaning, so that this is
// seen when the program starts. So it does where load is a method value such as
// repo.Load: a template names nothing of its object, and two objects would share an
// entry. Take what tells the objects apart as an argument, or write it into the template
// and say [Options.Shared], which is also for objects that may share. What a function
// literal captures is not in the key either, and cannot be checked.
func Cacheable[A, T any](key string, options Options, load func(A) (T, error)) func(A) (T, error) {
	if name, is := method(load); is && !options.shared {
		panic(fault.Because(fault.KeyGeneration, "`"+name+"` is a method, and the template `"+key+"` names nothing of its object: take what tells the objects apart as an argument, or say Shared() if all of them share the entries of a key"))
	}
	keys, tags := bind[A](key), bindAll[A](options.tags)
	return func(argument A) (T, error) {
		var none T
		key, err := keys.Fill(argument)
		if err != nil {
			return none, err
		}
		filled := options
		if filled.tags, err = fillAll(tags, argument); err != nil {
			return none, err
		}
		return GetOrLoad(key, filled, func() (T, error) { return load(argument) })
	}
}

// method is the name of a method, if the function is one of a certain object.
func method(function any) (string, bool) {
	// The name that the compiler gives a method value.
	return strings.CutSuffix(runtime.FuncForPC(reflect.ValueOf(function).Pointer()).Name(), "-fm")
}

// Evict is what [CacheEvict] evicts: an entry, the entries of some tags, or everything.
// Key and Tags are templates as those of [Cacheable].
type Evict struct {
	Key  string
	Tags []string
	All  bool
}

// CacheEvict makes a function that evicts once change has succeeded, and nothing if it
// fails. It panics with [ErrKeyGeneration] where a template has no meaning, and where
// there is nothing to evict.
func CacheEvict[A any](what Evict, change func(A) error) func(A) error {
	evict := CacheEvictResult(what, func(argument A) (struct{}, error) {
		return struct{}{}, change(argument)
	})
	return func(argument A) error {
		_, err := evict(argument)
		return err
	}
}

// CacheEvictResult is [CacheEvict] for a function that has a result. That comes back
// also where the eviction fails.
func CacheEvictResult[A, R any](what Evict, change func(A) (R, error)) func(A) (R, error) {
	if what.All == (what.Key != "" || len(what.Tags) != 0) {
		panic(fault.Because(fault.KeyGeneration, "evict either everything, or a key, tags or both"))
	}
	keys, tags := bind[A](what.Key), bindAll[A](what.Tags)
	return func(argument A) (R, error) {
		var none R
		// Before anything changes: what has no key cannot be evicted afterwards.
		key, err := keys.Fill(argument)
		if err != nil {
			return none, err
		}
		filled, err := fillAll(tags, argument)
		if err != nil {
			return none, err
		}
		result, err := change(argument)
		if err != nil {
			return result, err
		}
		return result, evict(what, key, filled)
	}
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

func bind[A any](text string) template.Bound {
	bound, err := template.Bind(text, reflect.TypeFor[A]())
	if err != nil {
		panic(err)
	}
	return bound
}

func bindAll[A any](texts []string) []template.Bound {
	bound := make([]template.Bound, len(texts))
	for i, text := range texts {
		bound[i] = bind[A](text)
	}
	return bound
}

func fillAll[A any](bound []template.Bound, argument A) ([]string, error) {
	filled := make([]string, len(bound))
	for i, template := range bound {
		var err error
		if filled[i], err = template.Fill(argument); err != nil {
			return nil, err
		}
	}
	return filled, nil
}
