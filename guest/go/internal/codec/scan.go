package codec

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Integers below these are in a float of 64 and 32 bits as they are.
const (
	exact64 = 1 << 53
	exact32 = 1 << 24
)

// seen is what of an encoding may not fit into a variable as it is.
type seen struct {
	null, float, over32, over64 bool
}

// scanner looks at an encoding, whatever its value is for.
type scanner struct {
	reader
	seen seen
	// What was encoded here has definite lengths, and its maps are sorted.
	own bool
}

// scan refuses what is not exactly one value of those that languages share.
func scan(data []byte, own bool) (seen, error) {
	s := scanner{reader: reader{data: data}, own: own}
	if err := s.item(0); err != nil {
		return seen{}, err
	}
	if rest := len(data) - s.at; rest != 0 {
		return seen{}, fmt.Errorf("%d bytes too many", rest)
	}
	return s.seen, nil
}

func (s *scanner) item(level int) error {
	h, err := s.head()
	if err != nil {
		return err
	}
	if h.indefinite && s.own {
		return errors.New("a length is not definite")
	}
	switch h.major {
	case unsigned, negative:
		s.seen.over32 = s.seen.over32 || h.argument >= exact32
		s.seen.over64 = s.seen.over64 || h.argument >= exact64
	case bytesOf, textOf:
		return s.text(h)
	case array, mapping:
		if level++; level > Levels {
			return errLevels
		}
		return s.items(h, level)
	case tag:
		return fmt.Errorf("there is a tag, %d", h.argument)
	case simple:
		return s.simple(h)
	}
	return nil
}

func (s *scanner) text(h head) error {
	if !h.indefinite {
		content, err := s.content(h)
		if err == nil && h.major == textOf && !utf8.Valid(content) {
			err = errors.New("a text is not UTF-8")
		}
		return err
	}
	return s.each(h, func(uint64) error {
		piece, err := s.head()
		if err != nil {
			return err
		}
		if piece.major != h.major || piece.indefinite {
			return errors.New("a piece of a text or of bytes is of another kind")
		}
		return s.text(piece)
	})
}

func (s *scanner) items(h head, level int) error {
	var before []byte
	return s.each(h, func(place uint64) error {
		start := s.at
		if err := s.item(level); err != nil {
			return err
		}
		// Keys that are different in Go may not be so for others: int(1), uint8(1).
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
		return fmt.Errorf("there is a simple value, %d", h.argument)
	}
	return nil
}
