package main

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/fxamacker/cbor/v2"
)

// Values between JSON, in which scenarios are written, and Go. What JSON cannot say
// stands in an object with a key that begins with $.

// The largest whole number that every language's JSON carries unchanged.
const exact = 1<<53 - 1

func asValue(text json.RawMessage) (any, error) {
	value, err := asJSON(text)
	if err != nil {
		return nil, err
	}
	return toValue(value)
}

func toValue(value any) (any, error) {
	switch value := value.(type) {
	case json.Number:
		return number(value)
	case []any:
		items := make([]any, len(value))
		for i, item := range value {
			var err error
			if items[i], err = toValue(item); err != nil {
				return nil, err
			}
		}
		return items, nil
	case object:
		return fromObject(value)
	}
	return value, nil // null, a bool, a text
}

func number(written json.Number) (any, error) {
	if whole, err := strconv.ParseInt(written.String(), 10, 64); err == nil {
		return whole, nil
	}
	if whole, err := strconv.ParseUint(written.String(), 10, 64); err == nil {
		return whole, nil
	}
	float, err := written.Float64()
	if err != nil {
		return nil, err
	}
	// A whole number is an integer, however it is written: JavaScript cannot tell 1.0
	// from 1.
	if math.Trunc(float) == float && math.Abs(float) <= exact {
		return int64(float), nil
	}
	return float, nil
}

func fromObject(value object) (any, error) {
	for name, content := range value {
		if !strings.HasPrefix(name, "$") {
			continue
		}
		if len(value) != 1 {
			return nil, protocol("there is more beside `" + name + "`")
		}
		return extended(name, content)
	}
	made := make(map[any]any, len(value))
	for name, content := range value {
		var err error
		if made[name], err = toValue(content); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// extended is {"$hex": "00ff"} and the like.
func extended(name string, content any) (any, error) {
	text, isText := content.(string)
	switch {
	case name == "$unencodable":
		return func() {}, nil
	case name == "$hex" && isText:
		return hex.DecodeString(text)
	case name == "$float" && isText:
		return strconv.ParseFloat(text, 64)
	case name == "$int" && isText:
		return integer(text)
	case name == "$map":
		if pairs, ok := content.([]any); ok {
			return fromPairs(pairs)
		}
	}
	return nil, protocol("`" + name + "` is no value")
}

// integer is the smallest type that has the number.
func integer(text string) (any, error) {
	if small, err := strconv.ParseInt(text, 10, 64); err == nil {
		return small, nil
	}
	if large, err := strconv.ParseUint(text, 10, 64); err == nil {
		return large, nil
	}
	number, ok := new(big.Int).SetString(text, 10)
	// Within 64 bits and a sign: -2^64 is there, 2^64 is not.
	if !ok || number.Sign() > 0 || new(big.Int).Not(number).BitLen() > 64 {
		return nil, protocol("`" + text + "` is no integer of CBOR")
	}
	return number, nil
}

func fromPairs(pairs []any) (any, error) {
	made := make(map[any]any, len(pairs))
	for _, pair := range pairs {
		pair, ok := pair.([]any)
		if !ok || len(pair) != 2 {
			return nil, protocol("a `$map` consists of pairs")
		}
		key, err := toValue(pair[0])
		if err != nil {
			return nil, err
		}
		switch bytes := key.(type) {
		case []byte:
			key = cbor.ByteString(bytes) // as it is read
		case []any, map[any]any:
			return nil, protocol("a key of a map in Go is no array and no map")
		}
		if made[key], err = toValue(pair[1]); err != nil {
			return nil, err
		}
	}
	return made, nil
}

func toJSON(value any) (any, error) {
	switch value := value.(type) {
	case nil, bool, string:
		return value, nil
	case []byte:
		return object{"$hex": hex.EncodeToString(value)}, nil
	case cbor.ByteString:
		return object{"$hex": hex.EncodeToString([]byte(value))}, nil
	case int64:
		if -exact <= value && value <= exact {
			return value, nil
		}
		return object{"$int": strconv.FormatInt(value, 10)}, nil
	case uint64:
		if value <= exact {
			return value, nil
		}
		return object{"$int": strconv.FormatUint(value, 10)}, nil
	case *big.Int:
		return object{"$int": value.String()}, nil
	case float64:
		return floatToJSON(value), nil
	case []any:
		items := make([]any, len(value))
		for i, item := range value {
			var err error
			if items[i], err = toJSON(item); err != nil {
				return nil, err
			}
		}
		return items, nil
	case map[any]any:
		return mapToJSON(value)
	case func():
		return object{"$unencodable": true}, nil
	}
	return nil, protocol("there is no JSON for this value")
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

func mapToJSON(value map[any]any) (any, error) {
	made, pairs := make(object, len(value)), make([][2]any, 0, len(value))
	for key, content := range value {
		content, err := toJSON(content)
		if err != nil {
			return nil, err
		}
		if text, ok := key.(string); ok && !strings.HasPrefix(text, "$") {
			made[text] = content
		}
		key, err := toJSON(key)
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, [2]any{key, content})
	}
	if len(made) == len(pairs) {
		return made, nil
	}
	// In some order that is always the same.
	slices.SortFunc(pairs, func(a, b [2]any) int { return strings.Compare(written(a[0]), written(b[0])) })
	return object{"$map": pairs}, nil
}

func written(value any) string {
	text, _ := json.Marshal(value) // what toJSON made has JSON
	return string(text)
}
