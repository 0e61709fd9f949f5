// Package codec encodes values by the profile of CBOR that wit/VALUES.md defines.
package codec

import (
	"math"
	"reflect"

	"github.com/fxamacker/cbor/v2"

	"spakky/cache/internal/fault"
)

// Levels is how deeply arrays and maps may be nested.
const Levels = 128

var (
	encoder = must(encoderOptions().EncMode())
	decoder = must(decoderOptions().DecMode())
)

func encoderOptions() cbor.EncOptions {
	options := cbor.CoreDetEncOptions()
	// Other languages have empty slices, and no nil ones.
	options.NilContainers = cbor.NilContainerAsEmpty
	return options
}

func decoderOptions() cbor.DecOptions {
	return cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		TimeTag:          cbor.DecTagRequired,
		MaxNestedLevels:  Levels,
		IndefLength:      cbor.IndefLengthForbidden,
		MaxArrayElements: math.MaxInt32,
		MaxMapPairs:      math.MaxInt32,
		TagsMd:           cbor.TagsForbidden,
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

// Encode encodes a value with core deterministic encoding.
func Encode[T any](value T) ([]byte, error) {
	const what = "cannot encode the value"
	if err := encodable(reflect.ValueOf(&value).Elem()); err != nil {
		return nil, fault.From(fault.Serialization, what, err)
	}
	data, err := encoder.Marshal(value)
	if err != nil {
		return nil, fault.From(fault.Serialization, what, err)
	}
	// Types with their own encoder may return anything.
	if _, err := scan(data, true); err != nil {
		return nil, fault.From(fault.Serialization, what, err)
	}
	return data, nil
}

// Into decodes exactly one value, and refuses to change any part of it.
func Into[T any](value *T) func([]byte) error {
	return func(data []byte) error {
		if err := decode(data, reflect.ValueOf(value)); err != nil {
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
	if err := decoder.Unmarshal(data, value.Interface()); err != nil {
		return err
	}
	return exact(data, value.Type().Elem(), seen)
}
