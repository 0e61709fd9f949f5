package codec

import (
	"encoding"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"sync"

	"github.com/fxamacker/cbor/v2"

	"spakky/cache/internal/fault"
)

// Storable refuses a type whose values would not come back as they were, and names the
// path of what is in the way, such as `Order.Lines[].Price`.
func Storable(t reflect.Type) error {
	found, ok := checked.Load(t)
	if !ok {
		var problem any
		if err := storable(t, rootOf(t), map[reflect.Type]bool{}); err != nil {
			problem = fault.From(fault.Serialization, "cannot store a "+t.String(), err)
		}
		found, _ = checked.LoadOrStore(t, &problem)
	}
	err, _ := (*found.(*any)).(error)
	return err
}

var checked sync.Map // reflect.Type to *any, which holds an error or nil

// rootOf is what a path begins with: a type's name, or nothing.
func rootOf(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name, _, _ := strings.Cut(t.Name(), "[")
	return name
}

// methods is what a type of one's own needs, as a cure.
const methods = "MarshalText and UnmarshalText, or MarshalCBOR and UnmarshalCBOR, which may use cache.Encode and cache.Decode"

// unfit are the types that the encoder would take, and change.
var unfit = map[reflect.Type]string{
	reflect.TypeFor[big.Float](): "whose text loses its precision: make a type of it that has the methods " + methods,
	reflect.TypeFor[cbor.Tag]():  "and tags are not stored: store the content", reflect.TypeFor[cbor.RawTag](): "and tags are not stored: store the content",
	reflect.TypeFor[cbor.SimpleValue](): "and simple values are not stored: store a bool or nil",
}

func storable(t reflect.Type, path string, above map[reflect.Type]bool) error {
	refuse := func(format string, arguments ...any) error {
		what := "it is a "
		if path != "" {
			what = "`" + path + "` is a "
		}
		return fmt.Errorf("%s%s, %s", what, t, fmt.Sprintf(format, arguments...))
	}
	if why, is := unfit[t]; is {
		return refuse("%s", why)
	}
	if t == bigInt || t == timeType || above[t] {
		return nil
	}
	if made, is := reflect.Zero(t).Interface().(set); is && t.Kind() == reflect.Map {
		return storable(made.elements(), path+"[]", above)
	}
	above[t] = true
	defer delete(above, t)

	if t.Kind() != reflect.Interface {
		if own, why := ownEncoding(t); why != "" {
			return refuse("%s", why)
		} else if own {
			return nil
		}
	}
	switch t.Kind() {
	case reflect.Func, reflect.Chan, reflect.Complex64, reflect.Complex128, reflect.Uintptr, reflect.UnsafePointer:
		return refuse("which has no encoding: leave it out with the tag `cbor:\"-\"`")
	case reflect.Interface:
		if t.NumMethod() != 0 {
			return refuse("an interface, of which the cache does not know the type to read: use the type itself")
		}
	case reflect.Pointer:
		if inner := t.Elem().Kind(); inner == reflect.Pointer || inner == reflect.Interface {
			return refuse("and both the pointer and what it points to may be nil: use one pointer")
		}
		return storable(t.Elem(), path, above)
	case reflect.Slice, reflect.Array:
		return storable(t.Elem(), path+"[]", above)
	case reflect.Map:
		if of := t.Elem(); of.Kind() == reflect.Struct && of.NumField() == 0 {
			return refuse("a map to nothing: a set is a cache.SetOf[%s]", t.Key())
		}
		if kindOf(t.Key()) == reflect.Struct && t.Key() == timeType {
			return refuse("whose keys are times, of which two may be the same instant: use a text as the key")
		}
		switch kindOf(t.Key()) {
		case reflect.Struct, reflect.Array:
			if own, _ := ownEncoding(t.Key()); !own && !isBytes(t.Key()) {
				return refuse("whose keys are not read back: use a text or a number as the key")
			}
		}
		if t.Key().Kind() == reflect.Pointer {
			return refuse("whose keys are pointers, which come back as others: use a text or a number as the key")
		}
		if err := storable(t.Key(), path+"[key]", above); err != nil {
			return err
		}
		return storable(t.Elem(), path+"[]", above)
	case reflect.Struct:
		found := fieldsOf(t)
		if found.why != "" {
			return refuse("%s: %s, or give %s the methods %s", found.why, found.cure, t, methods)
		}
		for _, field := range found.inOrder {
			if err := storable(field.typ, inField(path, field.name), above); err != nil {
				return err
			}
		}
	}
	return nil
}

func inField(path, name string) string { return strings.TrimPrefix(path+"."+name, ".") }

func isBytes(t reflect.Type) bool {
	return t.Kind() == reflect.Array && t.Elem().Kind() == reflect.Uint8
}

// encodings are a type's own ways to be encoded, as the encoder prefers them.
var encodings = []struct {
	marshaler, unmarshaler     reflect.Type
	marshalName, unmarshalName string
}{
	{reflect.TypeFor[cbor.Marshaler](), reflect.TypeFor[cbor.Unmarshaler](), "MarshalCBOR", "UnmarshalCBOR"},
	{reflect.TypeFor[encoding.BinaryMarshaler](), reflect.TypeFor[encoding.BinaryUnmarshaler](), "MarshalBinary", "UnmarshalBinary"},
	{reflect.TypeFor[encoding.TextMarshaler](), reflect.TypeFor[encoding.TextUnmarshaler](), "MarshalText", "UnmarshalText"},
}

// ownEncoding reports whether a type has its own encoding, and why it cannot be used.
func ownEncoding(t reflect.Type) (own bool, why string) {
	p := reflect.PointerTo(t)
	for _, encoding := range encodings {
		marshals, unmarshals := p.Implements(encoding.marshaler), p.Implements(encoding.unmarshaler)
		switch {
		case marshals && !unmarshals:
			return false, fmt.Sprintf("which has %s but not %s: add it", encoding.marshalName, encoding.unmarshalName)
		case unmarshals && !marshals:
			return false, fmt.Sprintf("which has %s but not %s: add it", encoding.unmarshalName, encoding.marshalName)
		case !marshals:
			continue
		}
		if t.Kind() == reflect.Struct && t.NumField() > 1 {
			for i := range t.NumField() {
				at := t.Field(i)
				inner := at.Type
				if inner.Kind() != reflect.Pointer && inner.Kind() != reflect.Interface {
					inner = reflect.PointerTo(inner)
				}
				if at.Anonymous && inner.Implements(encoding.marshaler) {
					return false, fmt.Sprintf("which is stored as the `%s` that it embeds, without its other fields: give the field a name", at.Name)
				}
			}
		}
		return true, ""
	}
	return false, ""
}
