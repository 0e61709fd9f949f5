package codec

import (
	"bytes"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// Floats of 64 and 32 bits represent all integers below these exactly.
const (
	exact64 = 1 << 53
	exact32 = 1 << 24
)

// seen notes the contents of an encoding that a variable may not hold exactly.
type seen struct {
	null, float, over32, over64, tag bool
	// Timestamps to be written as the decoder reads them.
	times edits
}

// edits are pieces of an encoding, in their order, and what is to be in their place.
type edits []edit

type edit struct {
	from, to int
	with     []byte
}

func (e edits) splice(data []byte) []byte {
	var made []byte
	at := 0
	for _, edit := range e {
		made = append(append(made, data[at:edit.from]...), edit.with...)
		at = edit.to
	}
	return append(made, data[at:]...)
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
	start := s.at
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
		s.seen.tag = true
		return s.tagged(start, h.argument, level)
	case simple:
		return s.simple(h)
	}
	return nil
}

// tagged checks the content of a tag, which begins at a place.
func (s *scanner) tagged(from int, number uint64, level int) error {
	start := s.at
	h, err := s.head()
	if err != nil {
		return err
	}
	wrong := fmt.Errorf("the tag %d has another content", number)
	switch number {
	case timeTag, secondsTag:
		return s.time(from, number, h)
	case uuidTag:
		content, err := s.content(h)
		if err == nil && (h.major != bytesOf || len(content) != len(UUID{})) {
			err = wrong
		}
		return err
	case decimalTag:
		if h.major != array || h.argument != 2 {
			return wrong
		}
	case setTag:
		if h.major != array {
			return wrong
		}
	default:
		return fmt.Errorf("it has the tag %d, which is outside the profile", number)
	}
	if level++; level > Levels {
		return errLevels
	}
	if number == decimalTag {
		s.at = start
		var decimal Decimal
		data := append([]byte{tag<<5 | decimalTag}, s.data[start:]...)
		if err := decimal.UnmarshalCBOR(data[:min(len(data), 32)]); err != nil {
			return err
		}
		_, _ = s.head()
	}
	return s.elements(h, level, number == setTag)
}

// elements checks items, of which no two are the same if it is a set.
func (s *scanner) elements(h head, level int, isSet bool) error {
	seen := map[string]bool{}
	return s.each(h, func(uint64) error {
		start, times := s.at, len(s.seen.times)
		if err := s.item(level); err != nil || !isSet {
			return err
		}
		// Whatever they are written as.
		var value any
		own := edits{}
		for _, edit := range s.seen.times[times:] {
			own = append(own, edit.moved(-start))
		}
		if err := decoder.Unmarshal(own.splice(s.data[start:s.at]), &value); err != nil {
			return err
		}
		canonical, err := encoder.Marshal(value)
		if err != nil {
			return err
		}
		if seen[string(canonical)] {
			return errTwice
		}
		seen[string(canonical)] = true
		return nil
	})
}

func (e edit) moved(by int) edit { return edit{e.from + by, e.to + by, e.with} }

// time checks a timestamp, and notes how it is to be written for the decoder: in UTC, as
// text.
func (s *scanner) time(from int, number uint64, h head) error {
	var made time.Time
	var err error
	if number == timeTag {
		var content []byte
		if content, err = s.content(h); err != nil || h.major != textOf {
			return errors.Join(err, errors.New("the tag 0 has no text"))
		}
		if made, err = parseTime(string(content)); err != nil || content[len(content)-1] == 'Z' {
			return err
		}
	} else if made, err = timeOf(h); err != nil {
		return err
	}
	with, err := encoder.Marshal(made.Format(time.RFC3339Nano))
	s.seen.times = append(s.seen.times, edit{from, s.at, append([]byte{tag << 5}, with...)})
	return err
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
