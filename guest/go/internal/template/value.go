package template

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"strconv"

	"spakky/cache/internal/fault"
)

// Format is a value as it stands in a key: a text as it is, a number in digits, true or
// false, or what the value says of itself.
func Format(value any) (string, error) {
	switch value := value.(type) {
	case nil:
		return "", fault.Because(fault.KeyGeneration, "nil has no place in a key")
	case encoding.TextMarshaler:
		if isNil(value) {
			return Format(nil)
		}
		text, err := value.MarshalText()
		if err != nil {
			return "", fault.From(fault.KeyGeneration, "a value cannot be formatted", err)
		}
		return string(text), nil
	case fmt.Stringer:
		if isNil(value) {
			return Format(nil)
		}
		return value.String(), nil
	}
	found := reflect.ValueOf(value)
	switch kind := found.Kind(); kind {
	case reflect.String:
		return found.String(), nil
	case reflect.Bool:
		return strconv.FormatBool(found.Bool()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(found.Int(), 10), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.FormatUint(found.Uint(), 10), nil
	case reflect.Float32, reflect.Float64:
		number := found.Float()
		if math.IsNaN(number) || math.IsInf(number, 0) {
			return "", fault.Because(fault.KeyGeneration, fmt.Sprint(number, " has no place in a key"))
		}
		return strconv.FormatFloat(number, 'f', -1, found.Type().Bits()), nil
	}
	return "", unformattable(found.Type())
}

// Formattable refuses a type whose values Format refuses.
func Formattable(t reflect.Type) error {
	if t.Implements(reflect.TypeFor[encoding.TextMarshaler]()) || t.Implements(reflect.TypeFor[fmt.Stringer]()) {
		return nil
	}
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Interface, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return nil
	}
	return unformattable(t)
}

func unformattable(t reflect.Type) error {
	return fault.Because(fault.KeyGeneration, "a "+t.String()+" has no place in a key: give it a String method")
}

func isNil(value any) bool {
	found := reflect.ValueOf(value)
	return found.Kind() == reflect.Pointer && found.IsNil()
}
