// Package template makes keys and tags of templates such as "profile:{ID}:{Part}".
package template

import (
	"slices"
	"strconv"
	"strings"

	"spakky/cache/internal/fault"
)

// Template is text with places for values.
type Template struct {
	// One more than there are names.
	texts, names []string
}

// Parse reads a template: {name} is a place for a value, {{ and }} are braces.
func Parse(text string) (Template, error) {
	var made Template
	var literal strings.Builder
	for rest := text; rest != ""; {
		at := strings.IndexAny(rest, "{}")
		if at < 0 {
			literal.WriteString(rest)
			break
		}
		literal.WriteString(rest[:at])
		brace, after := rest[at], rest[at+1:]
		if strings.HasPrefix(after, string(brace)) {
			literal.WriteByte(brace)
			rest = after[1:]
			continue
		}
		end := strings.IndexAny(after, "{}")
		if brace == '}' || end < 0 || after[end] == '{' {
			return Template{}, refuse(text, "a brace that stands for itself is written twice")
		}
		made.texts = append(made.texts, literal.String())
		made.names = append(made.names, strings.TrimSpace(after[:end]))
		literal.Reset()
		rest = after[end+1:]
	}
	made.texts = append(made.texts, literal.String())
	for i := 1; i < len(made.names); i++ {
		if !strings.Contains(made.texts[i], ":") {
			return Template{}, refuse(text, "two placeholders need a `:` between them, or different values make one key")
		}
	}
	return made, nil
}

// Names are those of the places, in their order.
func (t Template) Names() []string { return t.names }

// Places are which of so many values stands in each place: {} are the values in their
// order, {0} is the first. Every value has a place.
func (t Template) Places(text string, values int) ([]int, error) {
	places, named, next := make([]int, len(t.names)), make([]bool, values), 0
	for i, name := range t.names {
		value := next
		if name == "" {
			next++
		} else if number, ok := position(name); ok {
			value = number
		} else {
			return nil, refuse(text, "it names `"+name+"`, and the values have no names: {} stands for each")
		}
		if value >= values {
			return nil, refuse(text, "it has more placeholders than there are values")
		}
		places[i], named[value] = value, true
	}
	if slices.Contains(named, false) {
		return nil, refuse(text, "it has fewer placeholders than there are values")
	}
	return places, nil
}

// position is the number of a placeholder that has one, such as {0}.
func position(name string) (int, bool) {
	number, err := strconv.ParseUint(name, 10, 16)
	return int(number), err == nil && strconv.FormatUint(number, 10) == name
}

// Fill puts values, as Format makes them, into the places.
func (t Template) Fill(value func(place int) (string, error)) (string, error) {
	if len(t.names) == 0 {
		return t.texts[0], nil
	}
	var made strings.Builder
	made.WriteString(t.texts[0])
	for place := range t.names {
		text, err := value(place)
		if err != nil {
			return "", err
		}
		made.WriteString(text)
		made.WriteString(t.texts[place+1])
	}
	return made.String(), nil
}

func refuse(text, why string) error {
	return fault.Because(fault.KeyGeneration, "the template `"+text+"`: "+why)
}
