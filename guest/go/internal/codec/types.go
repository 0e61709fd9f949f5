package codec

import (
	"encoding"
	"errors"
	"math/big"
	"reflect"
	"sync"
	"time"

	"github.com/fxamacker/cbor/v2"
)

var (
	errLevels = errors.New("it has more levels than 256, or is a cycle")
	errTime   = errors.New("a time.Time has no encoding that languages share: store a number or a text")

	bigInt = reflect.TypeFor[big.Int]()
	clock  = reflect.TypeFor[time.Time]()
)

// traits are what there may be in a value of a type.
type traits struct {
	// A time.Time, which would become a number.
	time bool
	// How deep a value is, only the value tells: there is an interface, or the type
	// contains itself.
	open bool
	// What cannot be nil; floats; short floats.
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

// encodesItself: what there is in a value of such a type, only its own code knows.
func encodesItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[cbor.Marshaler]()) ||
		p.Implements(reflect.TypeFor[encoding.BinaryMarshaler]()) ||
		p.Implements(reflect.TypeFor[cbor.Unmarshaler]()) ||
		p.Implements(reflect.TypeFor[encoding.BinaryUnmarshaler]())
}

// encodable refuses, before the encoder sees them, times and what has no end.
func encodable(value reflect.Value) error { return walk(value, 0) }

// A level is as many steps at most: a pointer to an interface that holds a list.
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
				continue // in an embedded struct that is not there
			}
			if err := walk(field, steps); err != nil {
				return err
			}
		}
	}
	return nil
}
