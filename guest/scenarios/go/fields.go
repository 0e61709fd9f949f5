package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"
)

// fields are those of an object of a step. Each is taken out by its name, and what is
// left in the end is unknown. The first problem is kept: a step is read to its end.
type fields struct {
	left    map[string]json.RawMessage
	problem error
}

func readFields(text []byte) *fields {
	f := &fields{}
	if !utf8.Valid(text) {
		f.refuse("not UTF-8")
	} else if err := json.Unmarshal(text, &f.left); err != nil {
		f.refuse(err.Error())
	} else if f.left == nil {
		f.refuse("null is no object")
	}
	return f
}

func (f *fields) refuse(problem string) {
	if f.problem == nil {
		f.problem = protocol(problem)
	}
}

// done is the first problem, which an unknown field is, too.
func (f *fields) done() error {
	if f.problem == nil && len(f.left) > 0 {
		names := make([]string, 0, len(f.left))
		for name := range f.left {
			names = append(names, name)
		}
		slices.Sort(names)
		f.refuse(fmt.Sprintf("unknown fields %q", names))
	}
	return f.problem
}

// take is a field's text, and whether it is there.
func (f *fields) take(name string) (json.RawMessage, bool) {
	text, ok := f.left[name]
	delete(f.left, name)
	return text, ok
}

// read reads a field that has to be there into what it is for.
func read[T any](f *fields, name string, into func(json.RawMessage) (T, error)) T {
	text, ok := f.take(name)
	var none T
	if !ok {
		f.refuse("missing field `" + name + "`")
		return none
	}
	value, err := into(text)
	if err != nil {
		f.refuse("`" + name + "`: " + err.Error())
		return none
	}
	return value
}

// maybe reads a field that may be missing, or null.
func maybe[T any](f *fields, name string, into func(json.RawMessage) (T, error)) *T {
	if text, ok := f.left[name]; !ok || string(text) == "null" {
		delete(f.left, name)
		return nil
	}
	value := read(f, name, into)
	return &value
}

// or reads a field that may be missing, but is not null.
func or[T any](f *fields, name string, into func(json.RawMessage) (T, error), missing T) T {
	if _, ok := f.left[name]; !ok {
		return missing
	}
	return read(f, name, into)
}

func asText(text json.RawMessage) (string, error) {
	value, err := asJSON(text)
	if err != nil {
		return "", err
	}
	if value, ok := value.(string); ok {
		return value, nil
	}
	return "", protocol("not a text")
}

func asBool(text json.RawMessage) (bool, error) {
	return strconv.ParseBool(string(text))
}

func asWhole(text json.RawMessage) (uint64, error) {
	return strconv.ParseUint(string(text), 10, 64)
}

func asList[T any](item func(json.RawMessage) (T, error)) func(json.RawMessage) ([]T, error) {
	return func(text json.RawMessage) ([]T, error) {
		var items []json.RawMessage
		if err := json.Unmarshal(text, &items); err != nil {
			return nil, err
		}
		if items == nil {
			return nil, protocol("null is no list")
		}
		made := make([]T, len(items))
		for i, text := range items {
			var err error
			if made[i], err = item(text); err != nil {
				return nil, err
			}
		}
		return made, nil
	}
}

// asJSON is any JSON, with numbers as they are written.
func asJSON(text json.RawMessage) (any, error) {
	if err := checkSurrogates(text); err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	return value, err
}

// mostLevels is more than any value has, and less than the stack takes.
const mostLevels = 1000

// checkLevels refuses what is nested too deeply to be read.
func checkLevels(text []byte) error {
	level, quoted := 0, false
	for at := 0; at < len(text); at++ {
		switch char := text[at]; {
		case quoted && char == '\\':
			at++
		case char == '"':
			quoted = !quoted
		case quoted:
		case char == '[' || char == '{':
			if level++; level > mostLevels {
				return protocol("too many levels")
			}
		case char == ']' || char == '}':
			level--
		}
	}
	return nil
}

// checkSurrogates refuses half a character, of which the decoder would make another.
func checkSurrogates(text []byte) error {
	high := false
	for at := 0; at < len(text); at++ {
		next := bytes.IndexByte(text[at:], '\\')
		if next < 0 {
			break
		}
		if next > 0 && high {
			return errSurrogate
		}
		at += next + 1
		if at >= len(text) || text[at] != 'u' {
			if high {
				return errSurrogate
			}
			continue
		}
		unit, _ := strconv.ParseUint(string(text[at+1:min(at+5, len(text))]), 16, 16)
		low := unit >= 0xdc00 && unit < 0xe000
		if low != high {
			return errSurrogate
		}
		high = unit >= 0xd800 && unit < 0xdc00
		at += 4
	}
	if high {
		return errSurrogate
	}
	return nil
}

var errSurrogate = protocol("half a surrogate pair")
