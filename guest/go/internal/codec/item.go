package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/x448/float16"
)

// The major types of CBOR.
const (
	unsigned = iota
	negative
	bytesOf
	textOf
	array
	mapping
	tag
	simple
)

// Of major type 7.
const (
	falseValue  = 20
	trueValue   = 21
	null        = 22
	halfFloat   = 25
	singleFloat = 26
	doubleFloat = 27
)

var errCut = errors.New("it ends within a value")

// head is how an item begins. Of an indefinite length, there is no argument.
type head struct {
	major      byte
	info       byte
	argument   uint64
	indefinite bool
}

// reader reads items from the beginning.
type reader struct {
	data []byte
	at   int
}

func (r *reader) head() (head, error) {
	if r.at >= len(r.data) {
		return head{}, errCut
	}
	first := r.data[r.at]
	r.at++
	h := head{major: first >> 5, info: first & 31}
	switch {
	case h.info < 24:
		h.argument = uint64(h.info)
	case h.info < 28:
		var argument [8]byte
		size := 1 << (h.info - 24)
		if len(r.data)-r.at < size {
			return head{}, errCut
		}
		copy(argument[8-size:], r.data[r.at:])
		r.at += size
		h.argument = binary.BigEndian.Uint64(argument[:])
	case h.info == 31 && h.major >= bytesOf && h.major <= mapping:
		h.indefinite = true
	default:
		return head{}, fmt.Errorf("0x%02x begins no value", first)
	}
	return h, nil
}

// content is the bytes of a piece of text or bytes.
func (r *reader) content(h head) ([]byte, error) {
	if h.argument > uint64(len(r.data)-r.at) {
		return nil, errCut
	}
	start := r.at
	r.at += int(h.argument)
	return r.data[start:r.at], nil
}

// each calls item for every item of an array, and for every key and value of a map.
func (r *reader) each(h head, item func(place uint64) error) error {
	count := h.argument
	if h.major == mapping {
		count *= 2
	}
	for place := uint64(0); h.indefinite || place < count; place++ {
		if h.indefinite && r.at < len(r.data) && r.data[r.at] == 0xff {
			r.at++
			if h.major == mapping && place%2 != 0 {
				return errors.New("a map ends after a key")
			}
			return nil
		}
		if err := item(place); err != nil {
			return err
		}
	}
	return nil
}

// float is the number of a float's head.
func (h head) float() (float64, bool) {
	if h.major != simple {
		return 0, false
	}
	switch h.info {
	case halfFloat:
		return float64(float16.Frombits(uint16(h.argument)).Float32()), true
	case singleFloat:
		return float64(math.Float32frombits(uint32(h.argument))), true
	case doubleFloat:
		return math.Float64frombits(h.argument), true
	}
	return 0, false
}
