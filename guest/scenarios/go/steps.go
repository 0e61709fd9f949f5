package main

import (
	"encoding/json"
	"math"
	"time"

	"spakky/cache"
)

// step is one step, read and checked, ready to be played.
type step struct {
	op   string
	play func(*player) (any, error)
}

// reader reads the fields of an operation, and makes what plays it.
type reader func(*fields) func(*player) (any, error)

// operations are all there are, by name. They are filled by init, since loaders and
// writers consist of steps.
var operations map[string]reader

func init() {
	operations = map[string]reader{}
	for _, some := range []map[string]reader{libraryOperations, contractOperations, instanceOperations} {
		for op, reader := range some {
			operations[op] = reader
		}
	}
}

// readStep reads a step strictly: what is unknown is refused.
func readStep(text json.RawMessage) (step, error) {
	f := readFields(text)
	op := read(f, "op", asText)
	if f.problem != nil {
		return step{}, f.problem
	}
	reader, ok := operations[op]
	if !ok {
		return step{}, protocol("unknown operation `" + op + "`")
	}
	play := reader(f)
	return step{op, play}, f.done()
}

func asWork(text json.RawMessage) (work, error) { return readWork(text, "loader") }

func asWriter(text json.RawMessage) (work, error) { return readWork(text, "writer") }

func readWork(text json.RawMessage, kind string) (work, error) {
	f := readFields(text)
	made := work{
		value:   or(f, "value", asValue, nil),
		trap:    or(f, "trap", asBool, false),
		sleepMS: or(f, "sleep_ms", asWhole, 0),
		then:    or(f, "then", asList(readStep), nil),
	}
	if message := maybe(f, "fail", asText); message != nil {
		made.fail = &failure{kind, *message}
	}
	return made, f.done()
}

// asOptions reads the library's options.
func asOptions(text json.RawMessage) (cache.Options, error) {
	f := readFields(text)
	milliseconds := maybe(f, "ttl_ms", asWhole)
	seconds := maybe(f, "ttl_s", asFloat)
	fresh := maybe(f, "fresh_ms", asWhole)
	wait := maybe(f, "max_wait_ms", asWhole)
	tags := or(f, "tags", asList(asText), nil)
	if milliseconds != nil && seconds != nil {
		f.refuse("both `ttl_ms` and `ttl_s`")
	}
	var options cache.Options
	switch {
	case milliseconds != nil:
		options = cache.TTL(duration(*milliseconds))
	case seconds != nil:
		options = cache.TTLSeconds(*seconds)
	}
	if fresh != nil {
		options = options.FreshFor(duration(*fresh))
	}
	if wait != nil {
		options = options.MaxWait(duration(*wait))
	}
	return options.Tags(tags...), f.done()
}

// duration is the longest there is where there is none as long.
func duration(milliseconds uint64) time.Duration {
	if milliseconds > uint64(math.MaxInt64/time.Millisecond) {
		return math.MaxInt64
	}
	return time.Duration(milliseconds) * time.Millisecond
}

// asFloat is a float as scenarios write it: a number, or text for what JSON has no
// number for.
func asFloat(text json.RawMessage) (float64, error) {
	value, err := asJSON(text)
	if err != nil {
		return 0, err
	}
	switch value := value.(type) {
	case json.Number:
		return value.Float64()
	case object:
		made, err := fromObject(value)
		if float, ok := made.(float64); ok && err == nil {
			return float, nil
		}
	}
	return 0, protocol("not a float")
}

func asPair(text json.RawMessage) (cache.Entry[any], error) {
	pair, err := asList(func(text json.RawMessage) (json.RawMessage, error) { return text, nil })(text)
	if err != nil || len(pair) != 2 {
		return cache.Entry[any]{}, protocol("an entry is a pair")
	}
	key, err := asText(pair[0])
	if err != nil {
		return cache.Entry[any]{}, err
	}
	value, err := asValue(pair[1])
	return cache.Entry[any]{Key: key, Value: value}, err
}
