package codec

import (
	"encoding"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"sync"
	"time"

	"github.com/fxamacker/cbor/v2"
)

var (
	errLevels = fmt.Errorf("it is nested more than %d levels deep, or is a cycle", Levels)
	errTime   = errors.New("a time.Time has no encoding: store a number or a text")

	bigInt = reflect.TypeFor[big.Int]()
	clock  = reflect.TypeFor[time.Time]()
)

// traits are what a value of a type may contain.
type traits struct {
	// A time.Time, which would become a number.
	time bool
	// The depth depends on the value: the type has an interface, or contains itself.
	open bool
	// Parts that cannot be nil; floats; 32-bit floats.
	whole, float, float32 bool
}

var known sync.Map // reflect.Type to traits

func traitsOf(t reflect.Type) traits {
	if found, ok := known.Load(t); ok {
		return found.(traits)
	}
	found := examine(t, map[reflect.Type]bool{})
	known.Store(t, found)
	return found
}

func examine(t reflect.Type, above map[reflect.Type]bool) traits {
	switch {
	case t == clock:
		return traits{time: true, whole: true}
	case t == bigInt || encodesItself(t):
		return traits{whole: true}
	case above[t]:
		return traits{open: true}
	}
	above[t] = true
	defer delete(above, t)

	var found traits
	add := func(t reflect.Type) {
		inner := examine(t, above)
		found.time = found.time || inner.time
		found.open = found.open || inner.open
		found.whole = found.whole || inner.whole
		found.float = found.float || inner.float
		found.float32 = found.float32 || inner.float32
	}
	switch t.Kind() {
	case reflect.Interface:
		found.open = true
	case reflect.Pointer, reflect.Slice:
		add(t.Elem())
	case reflect.Array:
		add(t.Elem())
		found.whole = true
	case reflect.Map:
		add(t.Key())
		add(t.Elem())
	case reflect.Struct:
		for _, field := range fieldsOf(t).inOrder {
			add(field)
		}
		found.whole = true
	case reflect.Float32:
		found = traits{whole: true, float: true, float32: true}
	case reflect.Float64:
		found = traits{whole: true, float: true}
	default:
		found.whole = true
	}
	return found
}

// encodesItself reports whether a type has its own encoder or decoder.
func encodesItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[cbor.Marshaler]()) ||
		p.Implements(reflect.TypeFor[encoding.BinaryMarshaler]()) ||
		p.Implements(reflect.TypeFor[cbor.Unmarshaler]()) ||
		p.Implements(reflect.TypeFor[encoding.BinaryUnmarshaler]())
}

// encodable refuses times and cycles before the encoder sees them.
func encodable(value reflect.Value) error { return walk(value, 0) }

// The most steps for a level: a pointer to an interface that holds a list.
const stepsPerLevel = 3

func walk(value reflect.Value, steps int) error {
	if !value.IsValid() {
		return nil
	}
	found := traitsOf(value.Type())
	if found.time {
		return errTime
	}
	if !found.open {
		return nil
	}
	if steps++; steps > Levels*stepsPerLevel {
		return errLevels
	}
	switch value.Kind() {
	case reflect.Interface, reflect.Pointer:
		return walk(value.Elem(), steps)
	case reflect.Slice, reflect.Array:
		for i := range value.Len() {
			if err := walk(value.Index(i), steps); err != nil {
				return err
			}
		}
	case reflect.Map:
		for pairs := value.MapRange(); pairs.Next(); {
			if err := walk(pairs.Key(), steps); err != nil {
				return err
			}
			if err := walk(pairs.Value(), steps); err != nil {
				return err
			}
		}
	case reflect.Struct:
		for _, place := range fieldsOf(value.Type()).places {
			field, err := value.FieldByIndexErr(place)
			if err != nil {
				continue // in an embedded struct that is nil
			}
			if err := walk(field, steps); err != nil {
				return err
			}
		}
	}
	return nil
}
