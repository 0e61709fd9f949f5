package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"spakky/cache"
)

// player plays steps. Loaders and writers play steps, too, while an outer step is under
// way.
type player struct {
	input  *bufio.Reader
	output *bufio.Writer
}

// playAll plays steps; without any, those of the input.
func (p *player) playAll(lines []string) error {
	if len(lines) == 0 {
		return p.playInput()
	}
	for _, line := range lines {
		if _, err := p.playLine([]byte(line)); err != nil {
			return err
		}
	}
	return nil
}

// playInput plays the lines of the input until it ends, or a pause does.
func (p *player) playInput() error {
	for {
		line, err := p.input.ReadBytes('\n')
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if resumed, err := p.playLine(line); resumed || err != nil {
			return err
		}
	}
}

// playLine plays a line; says whether it ended a pause.
func (p *player) playLine(line []byte) (bool, error) {
	var step step
	if err := json.Unmarshal(line, &step); err != nil {
		return false, p.answer(nil, protocol(err.Error()))
	}
	return step.Op == "resume", p.answer(p.perform(&step))
}

func (p *player) perform(step *step) (any, error) {
	key, value, options := step.Key, step.Value.any, step.Options.options()
	switch step.Op {
	case "get":
		value, hit, err := cache.Get[any](key)
		return found(value, hit), err
	case "get_many":
		return getMany(step.Keys)
	case "set":
		return nil, cache.Set(key, value, options)
	case "set_many":
		entries := make([]cache.Entry[any], len(step.Entries))
		for i, entry := range step.Entries {
			entries[i] = cache.Entry[any]{Key: entry.key, Value: entry.value.any}
		}
		return nil, cache.SetMany(entries, options)
	case "describe":
		return description(key)
	case "delete":
		return cache.Delete(key)
	case "delete_many":
		return cache.DeleteMany(step.Keys...)
	case "evict_tags":
		return nil, cache.EvictTags(step.Tags...)
	case "clear":
		return nil, cache.Clear()
	case "get_or_load":
		return p.getOrLoad(key, options, step.Loader)
	case "get_or_load_outcome":
		return p.getOrLoadOutcome(key, options, step.Loader)
	case "write_through":
		return nil, p.write(cache.WriteThrough[any], step)
	case "write_behind":
		return nil, p.write(cache.WriteBehind[any], step)
	case "cacheable":
		return called(step)
	case "cacheable_default":
		value, err := pair(step.ID.any, step.Part.any)
		return object{"value": toJSON(value), "calls": calls}, err
	case "cache_evict":
		return nil, evictors[step.By](argumentsOf(step))
	case "metrics":
		return counts(), nil
	case "config":
		return settings(), nil
	case "health":
		return report(step.Endpoint), nil
	case "info":
		return sections(), nil
	case "key":
		return cache.Key("k:{}", step.Value.any)
	case "abandon":
		return nil, abandon(key, step.How)
	case "misuse":
		return misuse(), nil
	case "hits":
		return hits(key, step.Times)
	case "crowd":
		return crowd(step.How, key, step.Times), nil
	case "pause":
		return nil, p.playInput()
	case "resume":
		return nil, nil
	}
	return nil, protocol("only the player in Rust plays `" + step.Op + "`")
}

func found(value any, hit bool) any {
	if !hit {
		return object{"hit": false}
	}
	return object{"hit": true, "value": toJSON(value)}
}

func getMany(keys []string) (any, error) {
	values, err := cache.GetMany[any](keys)
	all := make([]any, len(values))
	for i, value := range values {
		all[i] = object{"hit": false}
		if value != nil {
			all[i] = found(*value, true)
		}
	}
	return all, err
}

func description(key string) (any, error) {
	found, is, err := cache.Describe(key)
	if !is {
		return nil, err
	}
	left := func(time *time.Duration) any {
		if time == nil {
			return nil
		}
		return time.Milliseconds()
	}
	return object{
		"version":  found.Version,
		"age_ms":   found.Age.Milliseconds(),
		"fresh_ms": left(found.FreshFor),
		"ttl_ms":   left(found.TTL),
		"tags":     append([]string{}, found.Tags...),
		"size":     found.Size,
		"load_ms":  found.LoadTime.Milliseconds(),
	}, nil
}

func hits(key string, times int) (any, error) {
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

func (p *player) getOrLoad(key string, options cache.Options, loader work) (any, error) {
	ran, fail := false, failureOf("loader", loader.Fail)
	load := func() (any, error) {
		ran = true
		return loader.Value.any, p.work(loader, fail)
	}
	var value any
	var err error
	if loader.chooses() {
		var outcome cache.Outcome[any]
		outcome, err = p.outcome(key, options, loader, &ran, fail)
		value = outcome.Value
	} else {
		value, err = cache.GetOrLoad(key, options, load)
	}
	if err != nil {
		return nil, unchanged(err, fail)
	}
	return object{"value": toJSON(value), "loaded": ran}, nil
}

func (p *player) outcome(key string, options cache.Options, loader work, ran *bool, fail error) (cache.Outcome[any], error) {
	return cache.GetOrLoadOutcome(context.Background(), key, options, func(context.Context) (cache.Loaded[any], error) {
		*ran = true
		return loader.loaded(), p.work(loader, fail)
	})
}

func (p *player) getOrLoadOutcome(key string, options cache.Options, loader work) (any, error) {
	fail := failureOf("loader", loader.Fail)
	found, err := p.outcome(key, options, loader, new(bool), fail)
	if err != nil {
		return nil, unchanged(err, fail)
	}
	var swallowed any
	if found.Err != nil {
		swallowed = describe(unchanged(found.Err, fail))["kind"]
	}
	return object{
		"value":  toJSON(found.Value),
		"source": found.Source.String(),
		"stored": found.Stored,
		"error":  swallowed,
		"entry":  found.Version != 0,
	}, nil
}

type write = func(key string, value any, options cache.Options, writer func(any) error) error

func (p *player) write(write write, step *step) error {
	fail := failureOf("writer", step.Writer.Fail)
	writer := func(any) error { return p.work(step.Writer, fail) }
	return unchanged(write(step.Key, step.Value.any, step.Options.options(), writer), fail)
}

// work does what a loader or writer does.
func (p *player) work(work work, fail error) error {
	for i := range work.Then {
		if err := p.answer(p.perform(&work.Then[i])); err != nil {
			return err
		}
	}
	return fail
}

func failureOf(kind string, message *string) error {
	if message == nil {
		return nil
	}
	return &failure{kind, *message}
}

// unchanged checks that the error of a loader or writer comes back as the same value.
func unchanged(err, told error) error {
	if found, ok := errors.AsType[*failure](err); ok && error(found) != told {
		return protocol("an error was changed: " + found.Error())
	}
	return err
}

// arguments are those of the functions below.
type arguments struct {
	ID, Part string
	fail     error
}

func argumentsOf(step *step) arguments {
	id, _ := step.ID.any.(string)
	part, _ := step.Part.any.(string)
	return arguments{id, part, failureOf("function", step.Fail)}
}

// calls is how often the body of profile ran.
var calls = 0

var profile = cache.Cacheable(
	"profile:{ID}:{Part}",
	cache.TTL(5*time.Minute).Tags("profiles", "profile:{ID}"),
	loadProfile,
)

var byPosition = cache.Cacheable(
	"profile:{0}:{1}",
	cache.TTL(5*time.Minute).Tags("profiles", "profile:{0}").Shared(),
	func(id, part string, fail error) (string, error) { return loadProfile(arguments{id, part, fail}) },
)

func loadProfile(a arguments) (string, error) {
	calls++
	return "profile " + a.ID + " " + a.Part, a.fail
}

func called(step *step) (any, error) {
	a := argumentsOf(step)
	function := profile
	if step.By == "position" {
		function = func(a arguments) (string, error) { return byPosition(a.ID, a.Part, a.fail) }
	}
	value, err := function(a)
	return object{"value": value, "calls": calls}, err
}

// pair has no template.
var pair = cache.Cacheable("", cache.Options{}, loadPair)

func loadPair(id, part any) ([]any, error) {
	calls++
	return []any{id, part}, nil
}

var evictors = map[string]func(arguments) error{
	"key":  cache.CacheEvict(cache.Evict{Key: "profile:{ID}:{Part}"}, outcome),
	"tags": cache.CacheEvict(cache.Evict{Tags: []string{"profile:{ID}"}}, outcome),
	"all":  cache.CacheEvict(cache.Evict{All: true}, outcome),
}

func outcome(a arguments) error { return a.fail }

// abandon takes the lease of a key, and leaves its scope without a commit.
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
	if how == "release" {
		return found.Lease.Release()
	}
	if how == "throw" {
		panic(how)
	}
	return nil
}
