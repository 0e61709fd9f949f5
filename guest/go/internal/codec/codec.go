// Package codec encodes values by the profile of CBOR that wit/VALUES.md defines.
package codec

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"reflect"

	"github.com/fxamacker/cbor/v2"

	"spakky/cache/internal/fault"
)

// Levels is how deeply arrays and maps may be nested.
const Levels = 128

var (
	encoder = must(encoderOptions().EncMode())
	decoder = must(decoderOptions().DecModeWithTags(tags()))
)

func encoderOptions() cbor.EncOptions {
	options := cbor.CoreDetEncOptions()
	// Other languages have empty slices, and no nil ones.
	options.NilContainers = cbor.NilContainerAsEmpty
	options.TextMarshaler = cbor.TextMarshalerTextString
	options.Time, options.TimeTag = cbor.TimeRFC3339NanoUTC, cbor.EncTagRequired
	return options
}

func decoderOptions() cbor.DecOptions {
	return cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		TimeTag:          cbor.DecTagRequired,
		TextUnmarshaler:  cbor.TextUnmarshalerTextString,
		MaxNestedLevels:  Levels,
		IndefLength:      cbor.IndefLengthForbidden,
		MaxArrayElements: math.MaxInt32,
		MaxMapPairs:      math.MaxInt32,
		IntDec:           cbor.IntDecConvertSignedOrBigInt,
		BigIntDec:        cbor.BigIntDecodePointer,
		MapKeyByteString: cbor.MapKeyByteStringAllowed,
		// Every other language compares names exactly.
		FieldNameMatching: cbor.FieldNameMatchingCaseSensitive,
	}
}

func must[T any](made T, err error) T {
	if err != nil {
		panic(err)
	}
	return made
}

// Encode encodes a value with core deterministic encoding, and refuses what would not
// come back as it was.
func Encode[T any](value T) ([]byte, error) {
	data, _, err := encode(reflect.ValueOf(&value).Elem(), func(may traits) bool { return may.own })
	return data, err
}

// Settle encodes a value, and returns it as it will be read: in an any, numbers and maps
// have other types then, and fields that a tag leaves out are zero.
func Settle(value reflect.Value) ([]byte, reflect.Value, error) {
	return encode(value, func(may traits) bool { return may.own || may.changes })
}

func encode(value reflect.Value, decoded func(traits) bool) ([]byte, reflect.Value, error) {
	t := value.Type()
	if err := Storable(t); err != nil {
		return nil, value, err
	}
	data, back, err := marshal(value, decoded(traitsOf(t)))
	if err != nil {
		return nil, value, fault.From(fault.Serialization, "cannot encode the value", err)
	}
	return data, back, nil
}

func marshal(value reflect.Value, decoded bool) ([]byte, reflect.Value, error) {
	if err := encodable(value); err != nil {
		return nil, value, err
	}
	data, err := encoder.Marshal(value.Interface())
	if err != nil {
		return nil, value, err
	}
	if data, err = withZeroTimes(data, value); err != nil {
		return nil, value, err
	}
	// Types with their own encoder may return anything.
	if _, err := scan(data, true); err != nil || !decoded {
		return data, value, err
	}
	back := reflect.New(value.Type())
	if err := decode(data, back); err != nil {
		return nil, value, fmt.Errorf("it cannot be read back: %w", err)
	}
	if traitsOf(value.Type()).own {
		again, err := encoder.Marshal(back.Elem().Interface())
		if err == nil {
			again, err = withZeroTimes(again, back.Elem())
		}
		if err != nil || !bytes.Equal(data, again) {
			return nil, value, errors.New("it comes back as another value: a type's methods to encode and to decode do not fit")
		}
	}
	return data, back.Elem(), nil
}

// Into decodes exactly one value, and refuses to change any part of it.
func Into[T any](value *T) func([]byte) error { return IntoValue(reflect.ValueOf(value)) }

// IntoValue is Into for a pointer of any type.
func IntoValue(pointer reflect.Value) func([]byte) error {
	return func(data []byte) error {
		if err := Storable(pointer.Type().Elem()); err != nil {
			return err
		}
		if err := decode(data, pointer); err != nil {
			return fault.From(fault.Serialization, "cannot decode the entry", err)
		}
		return nil
	}
}

func decode(data []byte, value reflect.Value) error {
	seen, err := scan(data, false)
	if err != nil {
		return err
	}
	if seen.times != nil {
		data = seen.times.splice(data)
	}
	if err := decoder.Unmarshal(data, value.Interface()); err != nil {
		return err
	}
	if err := exact(data, value.Type().Elem(), seen); err != nil {
		return err
	}
	textMaps(value.Elem())
	return nil
}
