package codec

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// fields are the encoded fields of a struct, in the encoder's order.
type fields struct {
	byName  map[string]reflect.Type
	inOrder []field
	// Whether a tag leaves a field out.
	leavesOut bool
	// Why a struct of this type would not come back as it was, and the cure.
	why, cure string
}

type field struct {
	// The name in Go.
	name  string
	typ   reflect.Type
	place []int
}

var structs sync.Map // reflect.Type to fields

func fieldsOf(t reflect.Type) fields {
	if found, ok := structs.Load(t); ok {
		return found.(fields)
	}
	found := fields{byName: map[string]reflect.Type{}}
	found.collect(t, nil, []reflect.Type{t}, isArray(t))
	structs.Store(t, found)
	return found
}

// isArray reports whether a struct is encoded as an array.
func isArray(t reflect.Type) bool {
	blank, ok := t.FieldByName("_")
	return ok && strings.Contains(blank.Tag.Get("cbor"), ",toarray")
}

// collect adds the fields of t, which is embedded in each type of chain, at a place of
// the outermost. It returns how many are written whatever their values are.
func (f *fields) collect(t reflect.Type, place []int, chain []reflect.Type, asArray bool) (always int) {
	for i := range t.NumField() {
		at := t.Field(i)
		tag := tagOf(at)
		place := append(place[:len(place):len(place)], i)
		switch {
		case at.Name == "_":
		case tag.leavesOut:
			f.leavesOut = true
		case at.Anonymous && tag.name == "" && kindOf(at.Type) == reflect.Struct:
			always += f.embed(at, place, chain, asArray)
		case !at.IsExported():
			f.refuse(fmt.Sprintf("whose field `%s` is not exported", at.Name), "export the field, leave it out with the tag `cbor:\"-\"`")
		default:
			f.add(at, tag, place)
			if !tag.mayOmit {
				always++
			}
		}
	}
	return always
}

func (f *fields) embed(at reflect.StructField, place []int, chain []reflect.Type, asArray bool) int {
	t := at.Type
	pointer := t.Kind() == reflect.Pointer
	if pointer {
		t = t.Elem()
	}
	for _, outer := range chain {
		if outer == t {
			f.refuse("which embeds itself", "give the field a name")
			return 0
		}
	}
	always := f.collect(t, place, append(chain[:len(chain):len(chain)], t), asArray)
	switch {
	case !pointer:
		return always
	case !at.IsExported():
		f.refuse(fmt.Sprintf("which embeds a pointer to `%s`, which is not exported", at.Name), "embed the struct itself")
	case always == 0 || asArray:
		f.refuse(fmt.Sprintf("which embeds a pointer to `%s` that may come back nil", at.Name), "embed the struct itself")
	}
	return 0
}

func (f *fields) add(at reflect.StructField, tag tagged, place []int) {
	name := tag.name
	if name == "" {
		name = at.Name
	}
	if tag.number {
		number, err := strconv.Atoi(name)
		if err != nil {
			f.refuse(fmt.Sprintf("whose field `%s` has a tag with keyasint and no number", at.Name), "give it a number")
		}
		name = strconv.Itoa(number)
	}
	if _, twice := f.byName[name]; twice {
		f.refuse(fmt.Sprintf("where two fields are stored as `%s`", name), "name one of them with a tag")
	}
	f.byName[name] = at.Type
	f.inOrder = append(f.inOrder, field{at.Name, at.Type, place})
}

// refuse keeps the first reason.
func (f *fields) refuse(why, cure string) {
	if f.why == "" {
		f.why, f.cure = why, cure
	}
}

// tagged is what a field's tag says.
type tagged struct {
	name                       string
	leavesOut, mayOmit, number bool
}

func tagOf(at reflect.StructField) tagged {
	text := at.Tag.Get("cbor")
	if text == "" {
		text = at.Tag.Get("json")
	}
	name, options, _ := strings.Cut(text, ",")
	made := tagged{name: name, leavesOut: text == "-"}
	for option := range strings.SplitSeq(options, ",") {
		switch option {
		case "omitempty", "omitzero":
			made.mayOmit = true
		case "keyasint":
			made.number = true
		}
	}
	return made
}

func kindOf(t reflect.Type) reflect.Kind {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind()
}
