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

var errCut = errors.New("it is truncated")

// head is the beginning of an item.
type head struct {
	major    byte
	info     byte
	argument uint64
}

// reader reads items from the beginning.
type reader struct {
	data []byte
	at   int
	// Of an encoding that is made: what a zero time is, and where that belongs.
	zero  []byte
	edits edits
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
		return head{}, errors.New("a length is indefinite")
	default:
		return head{}, fmt.Errorf("0x%02x is a break or a reserved head", first)
	}
	return h, nil
}

// content reads the content of a text or of bytes.
func (r *reader) content(h head) ([]byte, error) {
	if h.argument > uint64(len(r.data)-r.at) {
		return nil, errCut
	}
	start := r.at
	r.at += int(h.argument)
	return r.data[start:r.at], nil
}

// each calls item for every item of an array, and every key and value of a map.
func (r *reader) each(h head, item func(place uint64) error) error {
	count := h.argument
	if h.major == mapping {
		count *= 2
	}
	for place := range count {
		if err := item(place); err != nil {
			return err
		}
	}
	return nil
}

// float returns the number, if the head is that of a float.
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
