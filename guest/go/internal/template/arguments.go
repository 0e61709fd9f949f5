package template

import (
	"reflect"

	"spakky/cache/internal/fault"
)

// Bound is a template whose placeholders were found in a function's arguments.
type Bound struct {
	template Template
	places   []place
}

// place is where a value is: an argument, or a field of one.
type place struct {
	argument int
	field    []int
}

// Bind finds the placeholders of a template in arguments of certain types: {} are the
// arguments in their order, {0} is the first, and {Field} is a field of the one argument
// that has it.
func Bind(text string, arguments []reflect.Type) (Bound, error) {
	made, err := Parse(text)
	if err != nil {
		return Bound{}, err
	}
	bound := Bound{template: made}
	next := 0
	for _, name := range made.Names() {
		var found place
		var err error
		if name == "" {
			found, err = whole(text, name, next, arguments)
			next++
		} else if number, is := position(name); is {
			found, err = whole(text, name, number, arguments)
		} else {
			found, err = fieldOf(text, name, arguments)
		}
		if err != nil {
			return Bound{}, err
		}
		bound.places = append(bound.places, found)
	}
	return bound, nil
}

func whole(text, name string, argument int, arguments []reflect.Type) (place, error) {
	if argument >= len(arguments) {
		return place{}, refuse(text, "{"+name+"} is beyond the arguments")
	}
	return place{argument: argument}, Formattable(arguments[argument])
}

func fieldOf(text, name string, arguments []reflect.Type) (place, error) {
	var found []place
	var t reflect.Type
	for i, argument := range arguments {
		if argument.Kind() == reflect.Pointer {
			argument = argument.Elem()
		}
		if argument.Kind() != reflect.Struct {
			continue
		}
		if field, ok := argument.FieldByName(name); ok && field.IsExported() {
			found, t = append(found, place{i, field.Index}), field.Type
		}
	}
	switch len(found) {
	case 0:
		return place{}, refuse(text, "no argument has a field `"+name+"` that is exported; {} stands for an argument that is no struct")
	case 1:
		return found[0], Formattable(t)
	}
	return place{}, refuse(text, "more than one argument has a field `"+name+"`")
}

// Unnamed is the number of the first argument, from 1, of which the template names
// nothing; 0 if there is none. A struct{} has nothing to name.
func (b Bound) Unnamed(arguments []reflect.Type) int {
	named := make([]bool, len(arguments))
	for _, place := range b.places {
		named[place.argument] = true
	}
	for i, t := range arguments {
		if !named[i] && (t.Kind() != reflect.Struct || t.NumField() != 0) {
			return i + 1
		}
	}
	return 0
}

// Fill makes the key for arguments.
func (b Bound) Fill(arguments []reflect.Value) (string, error) {
	return b.template.Fill(func(at int) (string, error) {
		place := b.places[at]
		value := arguments[place.argument]
		if place.field == nil {
			return Format(value.Interface())
		}
		if value.Kind() == reflect.Pointer {
			if value.IsNil() {
				return "", fault.Because(fault.KeyGeneration, "the "+value.Type().String()+" whose field is in the key is nil")
			}
			value = value.Elem()
		}
		field, err := value.FieldByIndexErr(place.field)
		if err != nil {
			return "", fault.From(fault.KeyGeneration, "a field is missing", err)
		}
		return Format(field.Interface())
	})
}
