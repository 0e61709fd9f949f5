package codec

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"
)

// exact refuses what the decoder would change to fit into a variable of type t: a number
// that t cannot represent, null where t has no nil, and items of an array of another
// length.
func exact(data []byte, t reflect.Type, seen seen) error {
	may := traitsOf(t)
	if may.array || seen.tag || seen.null && may.whole ||
		seen.over64 && may.float ||
		(seen.float || seen.over32) && may.float32 {
		r := reader{data: data}
		return r.fits(t)
	}
	return nil
}

// fits checks one item, which is well formed and was decoded into a t.
func (r *reader) fits(t reflect.Type) error {
	nillable := false
	for t != nil && t.Kind() == reflect.Pointer {
		t, nillable = t.Elem(), true
	}
	h, err := r.head()
	if err != nil {
		return err
	}
	kind := reflect.Interface
	if t != nil && !encodesItself(t) {
		kind = t.Kind()
	}
	if h.major == tag {
		return r.tagFits(h, t, kind)
	}
	switch h.major {
	case unsigned, negative:
		return wholeFits(h, kind)
	case bytesOf, textOf:
		if _, err = r.content(h); err == nil && h.major == bytesOf {
			err = lengthFits(h, t, kind)
		}
		return err
	case array, mapping:
		if err := lengthFits(h, t, kind); err != nil {
			return err
		}
		inner := inside(t, kind, h.major)
		return r.each(h, func(place uint64) error { return r.fits(inner(r, place)) })
	}
	if number, ok := h.float(); ok {
		return floatFits(number, kind)
	}
	if h.info != null || nillable {
		return nil
	}
	if t == timeType && r.zero != nil {
		r.edits = append(r.edits, edit{r.at - 1, r.at, r.zero})
		return nil
	}
	switch kind {
	case reflect.Interface, reflect.Slice, reflect.Map:
		return nil
	}
	return fmt.Errorf("a null cannot be a %s", t)
}

// tagFits checks that what has a tag was not decoded without it.
func (r *reader) tagFits(h head, t reflect.Type, kind reflect.Kind) error {
	if kind != reflect.Interface && t != timeType {
		return fmt.Errorf("what has the tag %d cannot be a %s", h.argument, t)
	}
	return r.fits(nil)
}

// withZeroTimes writes the zero times of an encoding as timestamps. The encoder makes null of
// them, which is what a time that is no pointer never is.
func withZeroTimes(data []byte, value reflect.Value) ([]byte, error) {
	for value.IsValid() && value.Kind() == reflect.Interface {
		value = value.Elem()
	}
	if !value.IsValid() || !traitsOf(value.Type()).times {
		return data, nil
	}
	zero, err := encoder.Marshal(time.Time{}.Format(time.RFC3339Nano))
	if err != nil {
		return nil, err
	}
	r := reader{data: data, zero: append([]byte{tag << 5}, zero...)}
	if err := r.fits(value.Type()); err != nil || r.edits == nil {
		return data, err
	}
	return r.edits.splice(data), nil
}

// inside returns the types of the items of an array or a map.
func inside(t reflect.Type, kind reflect.Kind, major byte) func(*reader, uint64) reflect.Type {
	switch {
	case kind == reflect.Slice, kind == reflect.Array:
		return func(*reader, uint64) reflect.Type { return t.Elem() }
	case kind == reflect.Map:
		return func(_ *reader, place uint64) reflect.Type {
			if place%2 == 0 {
				return t.Key()
			}
			return t.Elem()
		}
	case kind == reflect.Struct && major == array:
		types := fieldsOf(t).inOrder
		return func(_ *reader, place uint64) reflect.Type {
			if place < uint64(len(types)) {
				return types[place].typ
			}
			return nil
		}
	case kind == reflect.Struct:
		types, name := fieldsOf(t).byName, ""
		return func(r *reader, place uint64) reflect.Type {
			if place%2 == 0 {
				name = r.name()
				return nil
			}
			return types[name]
		}
	}
	return func(*reader, uint64) reflect.Type { return nil }
}

// name returns the next key, without consuming it.
func (r *reader) name() string {
	ahead := *r
	h, err := ahead.head()
	switch {
	case err != nil:
		return ""
	case h.major == unsigned:
		return strconv.FormatUint(h.argument, 10)
	case h.major == negative && h.argument <= math.MaxInt64:
		return strconv.FormatInt(-1-int64(h.argument), 10)
	case h.major == textOf:
		content, _ := ahead.content(h)
		return string(content)
	}
	return ""
}

func lengthFits(h head, t reflect.Type, kind reflect.Kind) error {
	if kind == reflect.Array && h.argument != uint64(t.Len()) {
		return fmt.Errorf("a %s cannot hold %d items", t, h.argument)
	}
	return nil
}

func wholeFits(h head, kind reflect.Kind) error {
	if kind != reflect.Float32 && kind != reflect.Float64 {
		return nil
	}
	size := h.argument
	if h.major == negative {
		size++ // 0 is 2^64 then, which is exact
	}
	number := float64(size)
	if number < 1<<64 && uint64(number) != size || number >= 1<<64 && size != 0 ||
		kind == reflect.Float32 && float64(float32(number)) != number {
		return fmt.Errorf("a %s cannot represent an integer exactly", kind)
	}
	return nil
}

func floatFits(number float64, kind reflect.Kind) error {
	if kind == reflect.Float32 && !math.IsNaN(number) && float64(float32(number)) != number {
		return fmt.Errorf("a %s cannot represent a float exactly", kind)
	}
	return nil
}
