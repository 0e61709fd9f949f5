package template

import (
	"reflect"

	"spakky/cache/internal/fault"
)

// Bound is a template whose placeholders were found in a function's argument.
type Bound struct {
	template Template
	// Where in the argument each value is: no place is the argument itself.
	places [][]int
}

// Bind finds the placeholders of a template in arguments of type t: {Field} is a field
// of a struct, and {} is an argument that is no struct.
func Bind(text string, t reflect.Type) (Bound, error) {
	made, err := Parse(text)
	if err != nil {
		return Bound{}, err
	}
	bound := Bound{template: made}
	for _, name := range made.Names() {
		if name == "" {
			if err := Formattable(t); err != nil {
				return Bound{}, err
			}
			bound.places = append(bound.places, nil)
			continue
		}
		if t.Kind() != reflect.Struct {
			return Bound{}, refuse(text, "there is no `"+name+"` in a "+t.String()+", which {} stands for")
		}
		field, ok := t.FieldByName(name)
		if !ok || !field.IsExported() {
			return Bound{}, refuse(text, t.String()+" has no field `"+name+"` that is exported")
		}
		if err := Formattable(field.Type); err != nil {
			return Bound{}, err
		}
		bound.places = append(bound.places, field.Index)
	}
	return bound, nil
}

// Fill makes the key for an argument.
func (b Bound) Fill(argument any) (string, error) {
	value := reflect.ValueOf(argument)
	return b.template.Fill(func(place int) (string, error) {
		if b.places[place] == nil {
			return Format(argument)
		}
		field, err := value.FieldByIndexErr(b.places[place])
		if err != nil {
			return "", fault.From(fault.KeyGeneration, "a field is missing", err)
		}
		return Format(field.Interface())
	})
}
