package codec

import (
	"fmt"
	"math/big"
	"reflect"
	"sync"
	"time"
)

var (
	errLevels = fmt.Errorf("it is nested more than %d levels deep, or is a cycle", Levels)

	bigInt = reflect.TypeFor[big.Int]()
)

// traits are what a value of a type may contain.
type traits struct {
	// The value has to be looked at: the type has an interface or a time, or contains itself.
	open bool
	// Parts that come back as others: an any, or a field that a tag leaves out.
	changes bool
	// Parts that encode themselves.
	own bool
	// Parts that cannot be nil; floats; 32-bit floats; arrays, whose length is fixed.
	whole, float, float32, array bool
	// Times, and interfaces.
	times, any bool
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
	case t == bigInt:
		return traits{whole: true}
	case t == timeType:
		return traits{whole: true, open: true, times: true}
	case encodesItself(t):
		return traits{whole: true, own: true}
	case above[t]:
		return traits{open: true}
	}
	above[t] = true
	defer delete(above, t)

	var found traits
	add := func(t reflect.Type) {
		inner := examine(t, above)
		found.open = found.open || inner.open
		found.changes = found.changes || inner.changes
		found.own = found.own || inner.own
		found.whole = found.whole || inner.whole
		found.float = found.float || inner.float
		found.float32 = found.float32 || inner.float32
		found.array = found.array || inner.array
		found.times = found.times || inner.times
		found.any = found.any || inner.any
	}
	switch t.Kind() {
	case reflect.Interface:
		found.open, found.changes, found.any = true, true, true
	case reflect.Pointer, reflect.Slice:
		add(t.Elem())
	case reflect.Array:
		add(t.Elem())
		found.whole, found.array = true, true
	case reflect.Map:
		add(t.Key())
		add(t.Elem())
	case reflect.Struct:
		fields := fieldsOf(t)
		for _, field := range fields.inOrder {
			add(field.typ)
		}
		found.changes = found.changes || fields.leavesOut
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

// encodesItself reports whether a type has its own encoding.
func encodesItself(t reflect.Type) bool {
	if t.Kind() == reflect.Interface || t == timeType {
		return false
	}
	own, _ := ownEncoding(t)
	return own
}

// encodable refuses cycles before the encoder sees them, and what an any holds that
// cannot be stored.
func encodable(value reflect.Value) error {
	return walk(value, rootOf(value.Type()), 0)
}

// The most steps for a level: a pointer to an interface that holds a list.
const stepsPerLevel = 3

func walk(value reflect.Value, path string, steps int) error {
	if !value.IsValid() || !traitsOf(value.Type()).open {
		return nil
	}
	if steps++; steps > Levels*stepsPerLevel {
		return errLevels
	}
	if value.Type() == timeType {
		return encodableTime(value.Interface().(time.Time))
	}
	if inner := value; inner.Kind() == reflect.Interface || inner.Kind() == reflect.Pointer {
		inner = inner.Elem()
		if steps > 1 && inner.IsValid() && inner.Type() == timeType && inner.Interface().(time.Time).IsZero() {
			return fmt.Errorf("`%s` is a zero time in an any or behind a pointer: leave it nil", path)
		}
	}
	switch value.Kind() {
	case reflect.Interface:
		inner := value.Elem()
		if !inner.IsValid() {
			return nil
		}
		if path == "" {
			path = rootOf(inner.Type())
		}
		if err := Storable(inner.Type()); err != nil {
			// Again, for the path from the outermost value.
			return storable(inner.Type(), path, map[reflect.Type]bool{})
		}
		return walk(inner, path, steps)
	case reflect.Pointer:
		return walk(value.Elem(), path, steps)
	case reflect.Slice, reflect.Array:
		for i := range value.Len() {
			if err := walk(value.Index(i), path+"[]", steps); err != nil {
				return err
			}
		}
	case reflect.Map:
		for pairs := value.MapRange(); pairs.Next(); {
			if err := walk(pairs.Key(), path+"[key]", steps); err != nil {
				return err
			}
			if err := walk(pairs.Value(), path+"[]", steps); err != nil {
				return err
			}
		}
	case reflect.Struct:
		for _, field := range fieldsOf(value.Type()).inOrder {
			inner, err := value.FieldByIndexErr(field.place)
			if err != nil {
				continue // in an embedded struct that is nil
			}
			if err := walk(inner, inField(path, field.name), steps); err != nil {
				return err
			}
		}
	}
	return nil
}
