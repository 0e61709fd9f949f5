package codec

import (
	"reflect"
	"strings"
	"sync"
)

// fields are the encoded fields of a struct, in the encoder's order.
type fields struct {
	byName  map[string]reflect.Type
	inOrder []reflect.Type
	places  [][]int
}

var structs sync.Map // reflect.Type to fields

func fieldsOf(t reflect.Type) fields {
	if found, ok := structs.Load(t); ok {
		return found.(fields)
	}
	found := fields{byName: map[string]reflect.Type{}}
	for _, field := range reflect.VisibleFields(t) {
		name, ok := nameOf(field)
		if !ok {
			continue
		}
		// An outer field hides an embedded one of the same name, and comes first.
		if _, twice := found.byName[name]; twice && len(field.Index) > 1 {
			continue
		}
		found.byName[name] = field.Type
		found.inOrder = append(found.inOrder, field.Type)
		found.places = append(found.places, field.Index)
	}
	structs.Store(t, found)
	return found
}

// nameOf returns a field's key in the map: a text, or a number as text.
func nameOf(field reflect.StructField) (string, bool) {
	tag := field.Tag.Get("cbor")
	if tag == "" {
		tag = field.Tag.Get("json")
	}
	name, _, _ := strings.Cut(tag, ",")
	switch {
	case tag == "-":
		return "", false
	case field.Anonymous && name == "" && kindOf(field.Type) == reflect.Struct:
		return "", false // its fields are promoted
	case !field.IsExported():
		return "", false
	case name == "":
		return field.Name, true
	}
	return name, true
}

func kindOf(t reflect.Type) reflect.Kind {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind()
}
