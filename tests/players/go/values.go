package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"iter"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"

	"spakky/cache"
)

// Values between JSON, in which scenarios are written, and Go. An object with one key that
// begins with $ stands for what JSON cannot say.

// exact is the largest whole number that every language's JSON carries unchanged.
const exact = 1<<53 - 1

func toValue(written any) (any, error) {
	switch written := written.(type) {
	case json.Number:
		return number(written)
	case []any:
		items := make([]any, len(written))
		for i, item := range written {
			var err error
			if items[i], err = toValue(item); err != nil {
				return nil, err
			}
		}
		return items, nil
	case object:
		made := make(map[any]any, len(written))
		for name, content := range written {
			if strings.HasPrefix(name, "$") {
				return extended(name, content)
			}
			var err error
			if made[name], err = toValue(content); err != nil {
				return nil, err
			}
		}
		return made, nil
	}
	return written, nil // null, a bool, a text
}

func number(written json.Number) (any, error) {
	if whole, err := written.Int64(); err == nil {
		return whole, nil
	}
	float, err := written.Float64()
	// JavaScript cannot tell 1.0 from 1, so a whole number is always an integer.
	if math.Trunc(float) == float && math.Abs(float) <= exact {
		return int64(float), err
	}
	return float, err
}

// extended makes a value of {"$hex": "00ff"} and the like.
func extended(name string, content any) (any, error) {
	switch content := content.(type) {
	case string:
		switch name {
		case "$hex":
			return hex.DecodeString(content)
		case "$float":
			return strconv.ParseFloat(content, 64)
		case "$int":
			return integer(content), nil
		case "$time":
			return time.Parse(time.RFC3339Nano, content)
		case "$uuid":
			return cache.ParseUUID(content)
		case "$decimal":
			return cache.ParseDecimal(content)
		}
	case []any:
		if name == "$set" {
			return fromElements(content)
		}
		return fromPairs(content)
	case bool: // $unencodable
		return func() {}, nil
	}
	return nil, protocol("`" + name + "` is not a value")
}

// integer is of the smallest type that holds the number.
func integer(text string) any {
	if small, err := strconv.ParseInt(text, 10, 64); err == nil {
		return small
	}
	if large, err := strconv.ParseUint(text, 10, 64); err == nil {
		return large
	}
	number, _ := new(big.Int).SetString(text, 10)
	return number
}

func fromPairs(pairs []any) (any, error) {
	made := make(map[any]any, len(pairs))
	for _, pair := range pairs {
		pair := pair.([]any)
		key, err := toKey(pair[0])
		if err != nil {
			return nil, err
		}
		if made[key], err = toValue(pair[1]); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// toKey is a value as a key or an element, as the library reads it: Go cannot compare
// slices.
func toKey(written any) (any, error) {
	key, err := toValue(written)
	if bytes, ok := key.([]byte); ok {
		key = cbor.ByteString(bytes)
	}
	return key, err
}

func fromElements(elements []any) (any, error) {
	made := cache.SetOf[any]{}
	for _, element := range elements {
		key, err := toKey(element)
		if err != nil {
			return nil, err
		}
		made[key] = struct{}{}
	}
	return made, nil
}

// setToJSON has the elements in the order of their encodings.
func setToJSON(value cache.SetOf[any]) any {
	elements := slices.Collect(maps.Keys(value))
	slices.SortFunc(elements, func(a, b any) int {
		one, _ := cache.Encode(a)
		other, _ := cache.Encode(b)
		return bytes.Compare(one, other)
	})
	return object{"$set": toJSON(elements)}
}

func toJSON(value any) any {
	switch value := value.(type) {
	case []byte:
		return object{"$hex": hex.EncodeToString(value)}
	case cbor.ByteString:
		return object{"$hex": hex.EncodeToString([]byte(value))}
	case int64:
		if value < -exact || value > exact {
			return object{"$int": strconv.FormatInt(value, 10)}
		}
	case uint64:
		if value > exact {
			return object{"$int": strconv.FormatUint(value, 10)}
		}
	case *big.Int:
		return object{"$int": value.String()}
	case float64:
		return floatToJSON(value)
	case []any:
		items := make([]any, len(value))
		for i, item := range value {
			items[i] = toJSON(item)
		}
		return items
	case map[string]any:
		return mapToJSON(maps.All(value))
	case map[any]any:
		return mapToJSON(maps.All(value))
	case time.Time:
		return object{"$time": value.Format(time.RFC3339Nano)}
	case cache.UUID:
		return object{"$uuid": value.String()}
	case cache.Decimal:
		return object{"$decimal": value.String()}
	case cache.SetOf[any]:
		return setToJSON(value)
	case func():
		return object{"$unencodable": true}
	}
	return value // null, a bool, a text, a number
}

func floatToJSON(value float64) any {
	switch {
	case math.IsInf(value, 1):
		return object{"$float": "Infinity"}
	case math.IsInf(value, -1):
		return object{"$float": "-Infinity"}
	case math.IsNaN(value), math.Trunc(value) == value:
		return object{"$float": strconv.FormatFloat(value, 'g', -1, 64)}
	}
	return value
}

func mapToJSON[K comparable](value iter.Seq2[K, any]) any {
	made, pairs := object{}, [][2]any{}
	for key, content := range value {
		content := toJSON(content)
		if text, ok := any(key).(string); ok && !strings.HasPrefix(text, "$") {
			made[text] = content
		}
		pairs = append(pairs, [2]any{toJSON(key), content})
	}
	if len(made) == len(pairs) {
		return made
	}
	return object{"$map": pairs}
}
