package cache

import "spakky/cache/internal/codec"

// UUID is a universally unique identifier, of any version, stored as such. [ParseUUID]
// reads its text.
type UUID = codec.UUID

// ParseUUID reads a text such as 6ba7b810-9dad-11d1-80b4-00c04fd430c8.
func ParseUUID(text string) (UUID, error) { return codec.ParseUUID(text) }

// Decimal is a decimal number as it was written, stored as such: 1.10 is not 1.1, though they
// are equal numbers. Its mantissa has at most 64 bits and a sign.
type Decimal = codec.Decimal

// NewDecimal is mantissa × 10^exponent: NewDecimal(110, -2) is 1.10.
func NewDecimal(mantissa, exponent int64) Decimal { return codec.NewDecimal(mantissa, exponent) }

// ParseDecimal reads a text such as 1.10, -7 or 1E-7.
func ParseDecimal(text string) (Decimal, error) { return codec.ParseDecimal(text) }

// SetOf is a set of elements, stored as such: a map, of which for, len, delete and the package
// maps know the use.
//
//	cache.SetOf[string]{"a": {}, "b": {}}
type SetOf[T comparable] = codec.Set[T]
