package codec

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// The tags of the profile.
const (
	timeTag    = 0
	secondsTag = 1
	decimalTag = 4
	uuidTag    = 37
	setTag     = 258
)

// UUID is a universally unique identifier, of any version.
type UUID [16]byte

// ParseUUID reads a text such as 6ba7b810-9dad-11d1-80b4-00c04fd430c8.
func ParseUUID(text string) (UUID, error) {
	var made UUID
	digits := strings.ReplaceAll(text, "-", "")
	if len(text) != 36 || len(digits) != 32 {
		return made, fmt.Errorf("%q is no UUID", text)
	}
	if _, err := hex.Decode(made[:], []byte(digits)); err != nil || !strings.EqualFold(made.String(), text) {
		return UUID{}, fmt.Errorf("%q is no UUID", text)
	}
	return made, nil
}

// String is the UUID's text, in small letters.
func (u UUID) String() string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// MarshalCBOR is for the cache.
func (u UUID) MarshalCBOR() ([]byte, error) {
	return append([]byte{tag<<5 | 24, uuidTag, bytesOf<<5 | 16}, u[:]...), nil
}

// UnmarshalCBOR is for the cache.
func (u *UUID) UnmarshalCBOR(data []byte) error {
	r := reader{data: data}
	if err := r.tagged(uuidTag); err != nil {
		return err
	}
	h, err := r.head()
	if err != nil {
		return err
	}
	content, err := r.content(h)
	if err == nil && (h.major != bytesOf || len(content) != len(u)) {
		err = errors.New("a UUID is 16 bytes")
	}
	copy(u[:], content)
	return err
}

// Decimal is a decimal number as it was written: 1.10 is not 1.1, though they compare as
// equal numbers. Its zero value is 0. Two decimals are the same (==) if both their mantissas
// and their exponents are.
type Decimal struct {
	exponent int64
	mantissa whole
}

// whole is an integer from -2^64 to 2^64-1: bits, or, if it is negative, -1-bits.
type whole struct {
	negative bool
	bits     uint64
}

func (w whole) big() *big.Int {
	made := new(big.Int).SetUint64(w.bits)
	if w.negative {
		made.Not(made)
	}
	return made
}

// NewDecimal is mantissa × 10^exponent: NewDecimal(110, -2) is 1.10.
func NewDecimal(mantissa int64, exponent int64) Decimal {
	if mantissa < 0 {
		return Decimal{exponent, whole{true, ^uint64(mantissa)}}
	}
	return Decimal{exponent, whole{bits: uint64(mantissa)}}
}

// ParseDecimal reads a text such as 1.10, -7 or 1E-7.
func ParseDecimal(text string) (Decimal, error) {
	number, power, hasPower := strings.Cut(strings.Replace(text, "e", "E", 1), "E")
	before, behind, _ := strings.Cut(number, ".")
	mantissa, ok := new(big.Int).SetString(before+behind, 10)
	exponent := int64(0)
	var err error
	if hasPower {
		exponent, err = strconv.ParseInt(power, 10, 64)
	}
	if !ok || err != nil || strings.ContainsAny(before+behind, "_") || strings.HasPrefix(behind, "-") || exponent < math.MinInt64+int64(len(behind)) {
		return Decimal{}, fmt.Errorf("%q is no decimal", text)
	}
	made := Decimal{exponent: exponent - int64(len(behind))}
	if mantissa.Sign() == 0 && strings.HasPrefix(text, "-") {
		return Decimal{}, errors.New("a decimal has no negative zero")
	}
	if made.mantissa.negative = mantissa.Sign() < 0; made.mantissa.negative {
		mantissa.Not(mantissa)
	}
	if !mantissa.IsUint64() {
		return Decimal{}, fmt.Errorf("%q has more digits than 64 bits and a sign hold", text)
	}
	made.mantissa.bits = mantissa.Uint64()
	return made, nil
}

// Mantissa is the number without its exponent.
func (d Decimal) Mantissa() *big.Int { return d.mantissa.big() }

// Exponent is the power of ten that the mantissa is multiplied with.
func (d Decimal) Exponent() int64 { return d.exponent }

// String is the number as it was written: with a point, or, where that would need many
// zeros, with an exponent, such as 1.20E+4.
func (d Decimal) String() string {
	text := d.mantissa.big().String()
	digits := strings.TrimPrefix(text, "-")
	sign := text[:len(text)-len(digits)]
	point := int64(len(digits)) + d.exponent
	switch {
	case d.exponent > 0 || point <= -6:
		if len(digits) > 1 {
			digits = digits[:1] + "." + digits[1:]
		}
		return fmt.Sprintf("%s%sE%+d", sign, digits, point-1)
	case d.exponent == 0:
		return text
	case point > 0:
		return sign + digits[:point] + "." + digits[point:]
	}
	return sign + "0." + strings.Repeat("0", int(-point)) + digits
}

// MarshalCBOR is for the cache.
func (d Decimal) MarshalCBOR() ([]byte, error) {
	content, err := encoder.Marshal([]any{d.exponent, d.mantissa.big()})
	return append([]byte{tag<<5 | decimalTag}, content...), err
}

// UnmarshalCBOR is for the cache.
func (d *Decimal) UnmarshalCBOR(data []byte) error {
	r := reader{data: data}
	if err := r.tagged(decimalTag); err != nil {
		return err
	}
	numbers := [3]head{}
	for i := range numbers {
		var err error
		if numbers[i], err = r.head(); err != nil {
			return err
		}
	}
	exponent := numbers[1]
	if numbers[0].major != array || numbers[0].argument != 2 || exponent.major > negative || numbers[2].major > negative {
		return errors.New("a decimal is an array of two integers")
	}
	if exponent.argument > math.MaxInt64 {
		return errors.New("a decimal's exponent has more than 64 bits")
	}
	d.exponent = int64(exponent.argument)
	if exponent.major == negative {
		d.exponent = -1 - d.exponent
	}
	d.mantissa = whole{numbers[2].major == negative, numbers[2].argument}
	return nil
}

// Set is a set of elements, which have no order. For programs, it is cache.SetOf.
type Set[T comparable] map[T]struct{}

// Has tells whether an element is in the set.
func (s Set[T]) Has(element T) bool {
	_, has := s[element]
	return has
}

// set is any Set.
type set interface{ elements() reflect.Type }

func (s Set[T]) elements() reflect.Type { return reflect.TypeFor[T]() }

// MarshalCBOR is for the cache.
func (s Set[T]) MarshalCBOR() ([]byte, error) {
	encoded := make([][]byte, 0, len(s))
	for element := range s {
		data, err := Encode(element)
		if err != nil {
			return nil, err
		}
		encoded = append(encoded, data)
	}
	slices.SortFunc(encoded, bytes.Compare)
	content, err := encoder.Marshal(len(encoded))
	if err != nil {
		return nil, err
	}
	// The head of an array is that of an integer, but for its type.
	content[0] |= array << 5
	made := append([]byte{tag<<5 | 25, setTag >> 8, setTag & 0xff}, content...)
	for i, data := range encoded {
		if i > 0 && bytes.Equal(data, encoded[i-1]) {
			return nil, errTwice
		}
		made = append(made, data...)
	}
	return made, nil
}

var errTwice = errors.New("a set has an element twice")

// UnmarshalCBOR is for the cache.
func (s *Set[T]) UnmarshalCBOR(data []byte) error {
	r := reader{data: data}
	if err := r.tagged(setTag); err != nil {
		return err
	}
	h, err := r.head()
	if err != nil {
		return err
	}
	made := Set[T]{}
	err = r.each(h, func(uint64) error {
		start := r.at
		inner := scanner{reader: r}
		if err := inner.item(0); err != nil {
			return err
		}
		r.at = inner.at
		var element T
		if err := decode(data[start:r.at], reflect.ValueOf(&element)); err != nil {
			return err
		}
		if data, is := any(element).([]byte); is {
			// As in a map: Go cannot compare slices.
			element = any(cbor.ByteString(data)).(T)
		}
		if !reflect.ValueOf(&element).Elem().Comparable() {
			return fmt.Errorf("a set in Go has no %T as an element", element)
		}
		before := len(made)
		if made[element] = struct{}{}; len(made) == before {
			return errTwice
		}
		return nil
	})
	*s = made
	return err
}

// tagged reads the head of a tag, which is this one.
func (r *reader) tagged(number uint64) error {
	h, err := r.head()
	if err == nil && (h.major != tag || h.argument != number) {
		err = fmt.Errorf("it has not the tag %d", number)
	}
	return err
}

var timeType = reflect.TypeFor[time.Time]()

// encodableTime refuses a time outside the years 1 to 9999.
func encodableTime(value time.Time) error {
	if year := value.UTC().Year(); year < 1 || year > 9999 {
		return fmt.Errorf("a time is in the year %d, and not in 1 to 9999", year)
	}
	return nil
}

// parseTime reads a timestamp by the profile, which is stricter than package time.
func parseTime(text string) (time.Time, error) {
	var made time.Time
	wrong := fmt.Errorf("%.80q is no timestamp", text)
	const shape = "0000-00-00T00:00:00"
	if len(text) < len(shape)+1 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':' {
		return made, wrong
	}
	rest := text[len(shape):]
	if strings.HasPrefix(rest, ".") {
		fraction := len(rest) - len(strings.TrimLeft(rest[1:], "0123456789")) - 1
		if fraction < 1 || fraction > 9 {
			return made, wrong
		}
		rest = rest[1+fraction:]
	}
	offset := len(rest) == len("+00:00") && (rest[0] == '+' || rest[0] == '-') && rest[3] == ':' && rest[1:3] <= "23" && rest[4:] <= "59"
	if rest != "Z" && !offset {
		return made, wrong
	}
	made, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || strings.HasPrefix(text, "0000") {
		return made, wrong
	}
	made = made.UTC()
	return made, encodableTime(made)
}

// timeOf is the time so many seconds after 1970.
func timeOf(h head) (time.Time, error) {
	number, is := h.float()
	switch {
	case h.major == unsigned && h.argument <= math.MaxInt64/2:
		made := time.Unix(int64(h.argument), 0).UTC()
		return made, encodableTime(made)
	case h.major == negative && h.argument <= math.MaxInt64/2:
		made := time.Unix(-1-int64(h.argument), 0).UTC()
		return made, encodableTime(made)
	case is:
		// To the nearest microsecond, and of two to the even one.
		micros := math.RoundToEven(number * 1e6)
		if math.Abs(micros) < 1e18 {
			made := time.UnixMicro(int64(micros)).UTC()
			return made, encodableTime(made)
		}
	}
	return time.Time{}, errors.New("a number of seconds is no timestamp")
}

// tags are the types that are read into an any.
func tags() cbor.TagSet {
	made := cbor.NewTagSet()
	options := cbor.TagOptions{DecTag: cbor.DecTagRequired, EncTag: cbor.EncTagNone}
	for number, t := range map[uint64]reflect.Type{
		uuidTag: reflect.TypeFor[UUID](), decimalTag: reflect.TypeFor[Decimal](), setTag: reflect.TypeFor[Set[any]](),
	} {
		if err := made.Add(options, t, number); err != nil {
			panic(err)
		}
	}
	return made
}
