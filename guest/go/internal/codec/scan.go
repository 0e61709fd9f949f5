package codec

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Floats of 64 and 32 bits represent all integers below these exactly.
const (
	exact64 = 1 << 53
	exact32 = 1 << 24
)

// seen notes the contents of an encoding that a variable may not hold exactly.
type seen struct {
	null, float, over32, over64 bool
}

// scanner checks an encoding against the profile, whatever the type of the variable.
type scanner struct {
	reader
	seen seen
	// Whether the encoding was made here: then maps are sorted.
	own bool
}

// scan refuses everything but exactly one value of the profile.
func scan(data []byte, own bool) (seen, error) {
	s := scanner{reader: reader{data: data}, own: own}
	if err := s.item(0); err != nil {
		return seen{}, err
	}
	if rest := len(data) - s.at; rest != 0 {
		return seen{}, fmt.Errorf("%d bytes follow the value", rest)
	}
	return s.seen, nil
}

func (s *scanner) item(level int) error {
	h, err := s.head()
	if err != nil {
		return err
	}
	switch h.major {
	case unsigned, negative:
		s.seen.over32 = s.seen.over32 || h.argument >= exact32
		s.seen.over64 = s.seen.over64 || h.argument >= exact64
	case bytesOf, textOf:
		content, err := s.content(h)
		if err == nil && h.major == textOf && !utf8.Valid(content) {
			err = errors.New("a text is not UTF-8")
		}
		return err
	case array, mapping:
		if level++; level > Levels {
			return errLevels
		}
		return s.items(h, level)
	case tag:
		return fmt.Errorf("it has a tag, %d", h.argument)
	case simple:
		return s.simple(h)
	}
	return nil
}

func (s *scanner) items(h head, level int) error {
	var before []byte
	return s.each(h, func(place uint64) error {
		start := s.at
		if err := s.item(level); err != nil {
			return err
		}
		// Keys that differ in Go may have the same encoding: int(1), uint8(1).
		if key := s.data[start:s.at]; s.own && h.major == mapping && place%2 == 0 {
			if place > 0 && bytes.Equal(before, key) {
				return errors.New("a map has the same key twice")
			}
			before = key
		}
		return nil
	})
}

func (s *scanner) simple(h head) error {
	if _, ok := h.float(); ok {
		s.seen.float = true
		return nil
	}
	switch h.info {
	case null:
		s.seen.null = true
	case falseValue, trueValue:
	default:
		return fmt.Errorf("it has a simple value, %d", h.argument)
	}
	return nil
}
