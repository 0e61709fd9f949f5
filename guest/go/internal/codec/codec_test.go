package codec

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"math/big"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"spakky/cache/internal/fault"
)

func power(exponent uint, sign int64) *big.Int {
	number := new(big.Int).Lsh(big.NewInt(1), exponent)
	return number.Mul(number, big.NewInt(sign))
}

func plus(number *big.Int, more int64) *big.Int { return number.Add(number, big.NewInt(more)) }

func encoded(t *testing.T, value any) string {
	t.Helper()
	data, err := Encode(value)
	if err != nil {
		t.Fatalf("%v: %v", value, err)
	}
	return hex.EncodeToString(data)
}

func decoded[T any](t *testing.T, digits string) (T, error) {
	t.Helper()
	data, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	var value T
	return value, Into(&value)(data)
}

type point struct {
	X int  `json:"x"`
	Y *int `cbor:"y"`
}

func TestGoValuesHaveTheseEncodings(t *testing.T) {
	for _, c := range []struct {
		value any
		want  string
	}{
		{(*int)(nil), "f6"}, {uint64(math.MaxUint64), "1bffffffffffffffff"}, {big.NewInt(7), "07"},
		{plus(power(64, 1), -1), "1bffffffffffffffff"}, {power(64, -1), "3bffffffffffffffff"}, {1.0, "f93c00"},
		{math.Copysign(0, -1), "f98000"}, {math.NaN(), "f97e00"}, {float32(0.1), "fa3dcccccd"}, {[2]byte{1, 2}, "420102"},
		{[]string(nil), "80"}, {[]byte(nil), "40"}, {map[string]int(nil), "a0"},
		{map[string]int{"b": 2, "a": 1, "": 0}, "a3600061610161620" + "2"},
		{map[any]any{"a": 1, 1: "a", cbor.ByteString("x"): nil}, "a3016161417" + "8f6616101"},
		{point{X: 1}, "a26178016179f6"},
	} {
		if got := encoded(t, c.value); got != c.want {
			t.Errorf("%v: %s, not %s", c.value, got, c.want)
		}
	}
}

func TestAValueComesBackAsItWas(t *testing.T) {
	for _, value := range []any{
		nil, true, int64(-7), int64(math.MaxInt64), int64(math.MinInt64), 1.0, math.Inf(-1), "é\x00", []byte{}, []byte{0, 255},
		[]any{}, []any{nil, []any{int64(1)}}, map[string]any{}, map[any]any{int64(1): "a", "1": 1.5, nil: false},
		map[any]any{cbor.ByteString("k"): []byte("v")}, map[string]any{"a": map[string]any{"b": []any{map[string]any{"": nil}}}},
		[]any{map[any]any{true: map[string]any{"a": int64(1)}}},
	} {
		got, err := decoded[any](t, encoded(t, value))
		if err != nil || !reflect.DeepEqual(got, value) {
			t.Errorf("%#v: %#v, %v", value, got, err)
		}
	}
	for _, number := range []*big.Int{power(63, 1), plus(power(64, 1), -1), plus(power(63, -1), -1), power(64, -1)} {
		got, err := decoded[any](t, encoded(t, number))
		if found, ok := got.(*big.Int); err != nil || !ok || found.Cmp(number) != 0 {
			t.Errorf("%v: %v, %v", number, got, err)
		}
		exactly, err := decoded[big.Int](t, encoded(t, number))
		if err != nil || exactly.Cmp(number) != 0 {
			t.Errorf("%v: %v, %v", number, &exactly, err)
		}
	}
}

type ring struct{ Next *ring }

type tree map[string]tree

func TestAValueWithoutAnEncodingIsASerializationError(t *testing.T) {
	endless := &ring{}
	endless.Next = endless
	list := []any{nil}
	list[0] = list
	loop := tree{}
	loop["x"] = loop
	var deep any
	for range Levels + 1 {
		deep = []any{deep}
	}
	for name, value := range map[string]any{
		"function": func() {}, "channel": make(chan int), "complex": 1i, "ring": endless, "list": list, "tree": loop, "deep": deep,
		"text": "\xff", "key": map[string]int{"\xff": 1}, "inner text": []any{map[string]any{"a": "\xc3"}},
		"inner zero time": []any{time.Time{}}, "zero time behind a pointer": struct{ At *time.Time }{&time.Time{}},
		"the year 0": time.Date(0, 12, 31, 0, 0, 0, 0, time.UTC), "the year 10000": []time.Time{time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)},
		"the year 0 in UTC": time.Date(1, 1, 1, 0, 0, 0, 0, time.FixedZone("", 60)), "times as keys": map[time.Time]int{},
		"map to nothing": map[string]struct{}{"a": {}}, "element twice": setOf[any](int8(1), int64(1)), "element": setOf[any](struct{ a int }{}),
		"2^64": power(64, 1), "-2^64-1": plus(power(64, -1), -1),
		"tag": cbor.Tag{Number: 1, Content: 1}, "raw tag": cbor.RawTag{Number: 1, Content: []byte{1}},
		"undefined": cbor.SimpleValue(23), "simple": cbor.SimpleValue(99),
		"rubbish": cbor.RawMessage{0xff}, "two": cbor.RawMessage{1, 1}, "cut": cbor.RawMessage{0x82, 1},
		"twice": map[any]any{int8(1): 1, uint64(1): 2},
		"open":  cbor.RawMessage{0x9f, 0xff},
	} {
		if data, err := Encode(value); !errors.Is(err, fault.Serialization) {
			t.Errorf("%s: %x, %v", name, data, err)
		}
	}
}

type box struct {
	Any   any
	Map   map[string]any
	Boxes []*box
}

func TestMapsWhoseKeysAreTextComeBackAsMapsOfStrings(t *testing.T) {
	inner := map[string]any{"a": []any{map[string]any{"b": int64(1)}}}
	comesBack(t, box{inner, map[string]any{"c": inner}, []*box{{inner, map[string]any{}, []*box{}}, nil}})
	comesBack(t, [1]any{map[any]any{int64(1): inner}})
	comesBack(t, map[int]map[string]any{1: inner})
}

func TestNestingHasALimit(t *testing.T) {
	var deep any
	for range Levels {
		deep = []any{deep}
	}
	digits := encoded(t, deep)
	if got, err := decoded[any](t, digits); err != nil || !reflect.DeepEqual(got, deep) {
		t.Error(err)
	}
	if _, err := decoded[any](t, "81"+digits); !errors.Is(err, fault.Serialization) {
		t.Error("one level more: ", err)
	}
	endless := bytes.Repeat([]byte{0x81}, 100_000)
	var value any
	if err := Into(&value)(endless); !errors.Is(err, fault.Serialization) {
		t.Error("levels without end: ", err)
	}
}

// vectors are the lines of the blocks of wit/VALUES.md with this name.
func vectors(t *testing.T, block string) [][]string {
	t.Helper()
	text, err := os.ReadFile("../../../../wit/VALUES.md")
	if err != nil {
		t.Fatal(err)
	}
	var lines [][]string
	inside := false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "```") {
			inside = line == "```"+block
		} else if inside {
			lines = append(lines, strings.Split(line, " "))
		}
	}
	if len(lines) < 10 {
		t.Fatal(block, len(lines))
	}
	return lines
}

func TestAVectorHasOneEncodingAndComesBackFromIt(t *testing.T) {
	for _, line := range vectors(t, "written") {
		value, err := decoded[any](t, line[0])
		if err != nil || encoded(t, value) != line[0] {
			t.Errorf("%s: %v, %v", line[0], value, err)
		}
	}
}

func TestAnEncodingThatIsLongerThanNecessaryIsRead(t *testing.T) {
	for _, line := range vectors(t, "read") {
		value, err := decoded[any](t, line[0])
		if err != nil || encoded(t, value) != line[1] {
			t.Errorf("%s: %v, %v", line[0], value, err)
		}
	}
}

func TestEverythingOutsideTheProfileIsRefused(t *testing.T) {
	for _, line := range append(vectors(t, "refused"), []string{""}, []string{"a200010002"}) {
		if value, err := decoded[any](t, line[0]); !errors.Is(err, fault.Serialization) {
			t.Errorf("%s: %v, %v", line[0], value, err)
		}
	}
}

func refused[T any](t *testing.T, digits string) {
	t.Helper()
	if value, err := decoded[T](t, digits); !errors.Is(err, fault.Serialization) {
		t.Errorf("%s as %T: %v, %v", digits, value, value, err)
	}
}

func read[T any](t *testing.T, digits string, want T) {
	t.Helper()
	if value, err := decoded[T](t, digits); err != nil || !reflect.DeepEqual(value, want) {
		t.Errorf("%s as %T: %v, %v", digits, value, value, err)
	}
}

func TestNoNumberIsChanged(t *testing.T) {
	const above = "1b0020000000000001" // 2^53+1
	refused[int8](t, "1880")
	refused[uint8](t, "190100")
	refused[uint](t, "20")
	refused[int64](t, "1b8000000000000000")
	refused[int64](t, "3b8000000000000000")
	refused[int](t, "f93c00")
	refused[float64](t, above)
	refused[float64](t, "3b0020000000000000") // -2^53-1
	refused[float64](t, "1bffffffffffffffff")
	refused[float32](t, "1a01000001") // 2^24+1
	refused[float32](t, "fb3fb999999999999a")
	refused[[]float64](t, "82"+above+"1b0020000000000000")
	refused[map[string]*float64](t, "a16161"+above)
	refused[map[float64]int](t, "a1"+above+"00")
	refused[struct {
		A uint64  `json:"a"`
		F float64 `json:"f"`
	}](t, "a26161"+above+"6166"+above)

	read(t, "1b0020000000000000", float64(1<<53))
	read(t, "3b7fffffffffffffff", float64(math.MinInt64))
	read(t, "01", 1.0)
	read(t, "1a01000000", float32(1<<24))
	read(t, "fa3dcccccd", float32(0.1))
	type both struct {
		A uint64  `json:"a"`
		F float64 `json:"f"`
	}
	read(t, "a36161"+above+"6166f93e006178"+above, both{A: 1<<53 + 1, F: 1.5})
}

func TestNullIsNilAndNothingElse(t *testing.T) {
	refused[int](t, "f6")
	refused[string](t, "f6")
	refused[bool](t, "f6")
	refused[point](t, "f6")
	refused[[]string](t, "81f6")
	refused[point](t, "a16178f6")
	read(t, "f6", (*int)(nil))
	read(t, "f6", any(nil))
	read(t, "f6", []string(nil))
	read(t, "a26178016179f6", point{X: 1})
	read(t, "81f6", []*int{nil})
}

func TestTypesAreToldApart(t *testing.T) {
	refused[string](t, "4161")
	refused[[]byte](t, "6161")
	refused[bool](t, "01")
	refused[int](t, "6131")
	refused[[]int](t, "a0")
	refused[map[string]int](t, "80")
	refused[time.Time](t, "01")
	refused[time.Time](t, "f6")
	refused[time.Time](t, "74323031332d30332d32315432303a30343a30305a")
	refused[string](t, "c074323031332d30332d32315432303a30343a30305a")
	refused[int](t, "c11a514b67b0")
	refused[[]byte](t, "d825506ba7b8109dad11d180b400c04fd430c8")
	refused[[16]byte](t, "d825506ba7b8109dad11d180b400c04fd430c8")
	refused[UUID](t, "506ba7b8109dad11d180b400c04fd430c8")
	refused[Decimal](t, "8221186e")
	refused[[]int](t, "c48221186e")
	refused[[]int](t, "d9010283010203")
	refused[Set[int]](t, "83010203")
	refused[Set[int]](t, "d90102816161")
	refused[Set[float64]](t, "d90102811b0020000000000001")
	refused[[]struct{ A []string }](t, "81a16141d9010280")
	// Another's fields that are not known here, and those that it does not have.
	read(t, "a2617805616ef5", point{X: 5})
	read(t, "a0", point{})
	read(t, "a16158"+"05", point{}) // names are compared as they are
}

type pair struct {
	_     struct{} `cbor:",toarray"`
	Word  string
	Count float64
}

type outer struct {
	point
	*Named
	Hidden  float64 `json:"-"`
	Ignored int     `cbor:"z,omitempty"`
	keep    int     `cbor:"-"`
}

type Named struct {
	Size float32 `json:"size"`
}

func TestStructsAreMapsAndPairsAreArrays(t *testing.T) {
	read(t, encoded(t, pair{Word: "a", Count: 2}), pair{Word: "a", Count: 2})
	refused[pair](t, "8261611b0020000000000001")
	refused[outer](t, "a16473697a65fb3fb999999999999a")
	if got := encoded(t, outer{point: point{X: 1}, Hidden: 1, keep: 1}); got != "a26178016179f6" {
		t.Error(got)
	}
}

func setOf[T comparable](elements ...T) Set[T] {
	made := Set[T]{}
	for _, element := range elements {
		made[element] = struct{}{}
	}
	return made
}

func TestTypesWithATagComeBack(t *testing.T) {
	at := time.Date(2026, 11, 29, 16, 20, 27, 500_000_001, time.UTC)
	id, err := ParseUUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
	if err != nil {
		t.Fatal(err)
	}
	type paid struct {
		At    time.Time
		Maybe *time.Time
		When  map[string]time.Time
		ID    UUID
		Total Decimal
		Tags  Set[string]
		Any   any
	}
	comesBack(t, at)
	comesBack(t, time.Time{})
	comesBack(t, []time.Time{{}, at, {}})
	comesBack(t, paid{
		At: at, Maybe: &at, When: map[string]time.Time{"a": {}, "b": at}, ID: id, Total: NewDecimal(110, -2),
		Tags: setOf("b", "a"), Any: []any{at, id, NewDecimal(-5, 0), setOf[any](int64(1), "a", cbor.ByteString("x")), map[any]any{id: at}},
	})
	comesBack(t, paid{Tags: Set[string]{}, When: map[string]time.Time{}})
	comesBack(t, map[UUID]Set[UUID]{id: setOf(id, UUID{})})
	comesBack(t, Set[[2]int]{{1, 2}: {}})
	for value, want := range map[any]string{
		any(at): "c0781e323032362d31312d32395431363a32303a32372e3530303030303030315a", any(time.Time{}): "c074303030312d30312d30315430303a30303a30305a",
		NewDecimal(110, -2): "c48221186e", id: "d825506ba7b8109dad11d180b400c04fd430c8",
	} {
		if got := encoded(t, value); got != want {
			t.Errorf("%v: %s", value, got)
		}
	}
	if got := encoded(t, setOf[any](100, "aa", -1, 10)); got != "d90102840a186420626161" {
		t.Error(got)
	}
	// Whatever the zone is, the instant is written.
	zone := at.In(time.FixedZone("", 3600))
	if got, err := decoded[time.Time](t, encoded(t, zone)); err != nil || !got.Equal(at) || got.Location() != time.UTC {
		t.Error(got, err)
	}
	read(t, "d9010283010203", setOf(1, 2, 3))
	read(t, "82c1f93e00c100", []time.Time{time.Unix(1, 500_000_000).UTC(), time.Unix(0, 0).UTC()})
	read(t, "a16161d80074323031332d30332d32315432303a30343a30305a", map[string]time.Time{"a": time.Date(2013, 3, 21, 20, 4, 0, 0, time.UTC)})
}

func TestADecimalHasItsText(t *testing.T) {
	for _, text := range []string{"0", "1.10", "-7", "0.000001", "1E-7", "-1.20E+4", "1E+2", "1.8446744073709551615", "-18446744073709551616", "0.00"} {
		number, err := ParseDecimal(text)
		if err != nil || number.String() != text {
			t.Errorf("%s: %s, %v", text, number, err)
		}
	}
	for _, text := range []string{"", ".", "-", "1.2.3", "a", "1e", "--1", "1.-2", "-0", "18446744073709551616", "1_0", "+", "1E+99999999999999999999"} {
		if number, err := ParseDecimal(text); err == nil {
			t.Errorf("%s: %s", text, number)
		}
	}
	if number := NewDecimal(-110, -2); number.Mantissa().Int64() != -110 || number.Exponent() != -2 || number.String() != "-1.10" {
		t.Error(number)
	}
	for _, text := range []string{"6ba7b8109dad11d180b400c04fd430c8", "6ba7b810-9dad-11d1-80b4-00c04fd430cg", "6ba7b-8109dad-11d1-80b4-00c04fd430c8", ""} {
		if id, err := ParseUUID(text); err == nil {
			t.Errorf("%s: %s", text, id)
		}
	}
}

func TestLongValuesAreRead(t *testing.T) {
	long := make([]int, 300_000)
	data, err := Encode(long)
	if err != nil {
		t.Fatal(err)
	}
	var back []int
	if err := Into(&back)(data); err != nil || len(back) != len(long) {
		t.Error(len(back), err)
	}
	text := strings.Repeat("x", 9<<20)
	read(t, encoded(t, text), text)
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{"f6", "9f01ff", "a16161f93c00", "5f4101ff", "c100", "82f61b0020000000000001"} {
		data, _ := hex.DecodeString(seed)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var value any
		if Into(&value)(data) == nil {
			if _, err := Encode(value); err != nil {
				t.Errorf("%x was read as %v, and does not encode: %v", data, value, err)
			}
		}
		var typed struct {
			A []float64       `json:"a"`
			B map[int]float32 `json:"b"`
			C *outer          `json:"c"`
		}
		_ = Into(&typed)(data)
	})
}
