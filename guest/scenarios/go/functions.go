package main

import (
	"encoding/json"
	"time"

	"spakky/cache"
)

// arguments are those of the functions below.
type arguments struct {
	ID, Part string
	fail     *failure
}

// calls is how often profile's body ran.
var calls = 0

var profile = cache.Cacheable(
	"profile:{ID}:{Part}",
	cache.TTL(5*time.Minute).Tags("profiles", "profile:{ID}"),
	func(a arguments) (string, error) {
		calls++
		return "profile " + a.ID + " " + a.Part, outcome(a)
	},
)

var evictors = map[string]func(arguments) error{
	"key":  cache.CacheEvict(cache.Evict{Key: "profile:{ID}:{Part}"}, outcome),
	"tags": cache.CacheEvict(cache.Evict{Tags: []string{"profile:{ID}"}}, outcome),
	"all":  cache.CacheEvict(cache.Evict{All: true}, outcome),
}

func outcome(a arguments) error {
	if a.fail != nil {
		return a.fail
	}
	return nil
}

func profileOf(f *fields, id string) arguments {
	made := arguments{ID: id, Part: or(f, "part", asText, "")}
	if message := maybe(f, "fail", asText); message != nil {
		made.fail = &failure{"function", *message}
	}
	return made
}

func asEvictor(text json.RawMessage) (func(arguments) error, error) {
	name, err := asText(text)
	if err != nil {
		return nil, err
	}
	evictor, ok := evictors[name]
	if !ok {
		return nil, protocol("neither `key`, `tags` nor `all`")
	}
	return evictor, nil
}
