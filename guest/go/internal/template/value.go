package template

import (
	"encoding"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strconv"
	"strings"

	"spakky/cache/internal/fault"
)

// Format is a value as it stands in a key, which wit/KEYS.md defines: escaped, and with
// one text in every language.
func Format(value any) (string, error) {
	switch value := value.(type) {
	case nil:
		return "null", nil
	case *big.Int:
		if value == nil {
			return "null", nil
		}
		return value.String(), nil
	case encoding.TextMarshaler:
		if isNil(value) {
			return "null", nil
		}
		text, err := value.MarshalText()
		if err != nil {
			return "", fault.From(fault.KeyGeneration, "a value cannot be formatted", err)
		}
		return escape(string(text)), nil
	case fmt.Stringer:
		if isNil(value) {
			return "null", nil
		}
		return escape(value.String()), nil
	}
	found := reflect.ValueOf(value)
	switch kind := found.Kind(); kind {
	case reflect.String:
		return escape(found.String()), nil
	case reflect.Bool:
		return strconv.FormatBool(found.Bool()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(found.Int(), 10), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.FormatUint(found.Uint(), 10), nil
	case reflect.Float32, reflect.Float64:
		return formatFloat(found.Float())
	case reflect.Pointer:
		if found.IsNil() {
			return "null", nil
		}
		if found.Type().Elem().Kind() != reflect.Pointer {
			return Format(found.Elem().Interface())
		}
	}
	return "", unformattable(found.Type())
}

func formatFloat(number float64) (string, error) {
	switch {
	case math.IsNaN(number) || math.IsInf(number, 0):
		return "", fault.Because(fault.KeyGeneration, fmt.Sprint(number, " has no place in a key"))
	case number == 0:
		return "0", nil // and not -0
	case math.Trunc(number) == number:
		return strconv.FormatFloat(number, 'f', 0, 64), nil // all digits, not the fewest
	}
	return strconv.FormatFloat(number, 'f', -1, 64), nil
}

var escaper = strings.NewReplacer("%", "%25", ":", "%3A")

func escape(text string) string {
	if spellsAnotherType(text) {
		return fmt.Sprintf("%%%X%s", text[0], text[1:])
	}
	return escaper.Replace(text)
}

func spellsAnotherType(text string) bool {
	switch text {
	case "null", "true", "false":
		return true
	case "-0":
		return false
	}
	whole, fraction, hasFraction := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	if hasFraction && (!isDigits(fraction) || strings.HasSuffix(fraction, "0")) {
		return false
	}
	return whole == "0" || isDigits(whole) && whole[0] != '0'
}

func isDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
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
	case reflect.Pointer:
		if t.Elem().Kind() != reflect.Pointer {
			return Formattable(t.Elem())
		}
	}
	return unformattable(t)
}

func unformattable(t reflect.Type) error {
	return fault.Because(fault.KeyGeneration, "a "+t.String()+" has no place in a key: name a field of it, or give it a String method")
}

func isNil(value any) bool {
	found := reflect.ValueOf(value)
	return found.Kind() == reflect.Pointer && found.IsNil()
}
