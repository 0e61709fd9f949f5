package codec

import (
	"errors"
	"math/big"
	"net/netip"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"spakky/cache/internal/fault"
)

// Money is stored by its text.
type Money struct{ cents int64 }

func (m Money) MarshalText() ([]byte, error) { return big.NewInt(m.cents).Append(nil, 10), nil }

func (m *Money) UnmarshalText(text []byte) error {
	number, ok := new(big.Int).SetString(string(text), 10)
	if !ok {
		return errors.New("no number")
	}
	m.cents = number.Int64()
	return nil
}

// Stamp is a time of another's type with an encoding of its own.
type Stamp struct{ time.Time }

func (s Stamp) MarshalCBOR() ([]byte, error) { return Encode(s.UnixNano()) }

func (s *Stamp) UnmarshalCBOR(data []byte) error {
	var nanoseconds int64
	if err := Into(&nanoseconds)(data); err != nil {
		return err
	}
	s.Time = time.Unix(0, nanoseconds)
	return nil
}

type onlyText struct{ cents int64 }

func (onlyText) MarshalText() ([]byte, error) { return nil, nil }

type onlyJSON struct{ cents int64 }

func (onlyJSON) MarshalJSON() ([]byte, error)  { return []byte("1"), nil }
func (*onlyJSON) UnmarshalJSON(_ []byte) error { return nil }

type (
	secret struct{ a, b int }
	mixed  struct{ Open, closed int }
	locked struct{ sync.Mutex }
	noted  struct {
		netip.Addr
		Note string
	}
	base   struct{ ID int }
	hiding struct {
		base
		ID int
	}
	pointing struct {
		*base
		Name string
	}
	twins struct {
		A int `json:"a"`
		B int `cbor:"a"`
	}
	Omitted struct {
		A int `json:",omitempty"`
	}
	vanishing struct {
		*Omitted
		Name string
	}
	line struct {
		Price any
		Count onlyJSON
	}
	holder       struct{ Price any }
	order        struct{ Lines []map[string]*line }
	Order[T any] struct{ Lines []struct{ Price T } }
)

// TestATypeThatDoesNotComeBackIsRefusedByTheNameOfItsField shows what was stored as an
// empty map, or came back as something else.
func TestATypeThatDoesNotComeBackIsRefusedByTheNameOfItsField(t *testing.T) {
	for _, c := range []struct {
		t    reflect.Type
		says []string
	}{
		{reflect.TypeFor[order](), []string{"`order.Lines[][].Count` is a codec.onlyJSON, whose field `cents` is not exported", "export the field", "`cbor:\"-\"`", "MarshalText"}},
		{reflect.TypeFor[Order[onlyText]](), []string{"`Order.Lines[].Price` is a codec.onlyText, which has MarshalText but not UnmarshalText: add it"}},
		{reflect.TypeFor[Order[map[string]struct{}]](), []string{"`Order.Lines[].Price` is a map[string]struct {}", "cache.SetOf[string]"}},
		{reflect.TypeFor[Order[map[time.Time]int]](), []string{"whose keys are times"}},
		{reflect.TypeFor[Order[Set[mixed]]](), []string{"`Order.Lines[].Price[]` is a codec.mixed, whose field `closed`"}},
		{reflect.TypeFor[Order[*big.Float]](), []string{"`Order.Lines[].Price` is a big.Float", "precision"}},
		{reflect.TypeFor[Order[func()]](), []string{"`Order.Lines[].Price` is a func()", "leave it out"}},
		{reflect.TypeFor[Order[chan int]](), []string{"`Order.Lines[].Price` is a chan int"}},
		{reflect.TypeFor[Order[complex64]](), []string{"`Order.Lines[].Price` is a complex64"}},
		{reflect.TypeFor[Order[uintptr]](), []string{"`Order.Lines[].Price` is a uintptr"}},
		{reflect.TypeFor[Order[error]](), []string{"`Order.Lines[].Price` is a error, an interface"}},
		{reflect.TypeFor[Order[**int]](), []string{"`Order.Lines[].Price` is a **int", "use one pointer"}},
		{reflect.TypeFor[Order[*any]](), []string{"use one pointer"}},
		{reflect.TypeFor[Order[map[*int]int]](), []string{"whose keys are pointers"}},
		{reflect.TypeFor[Order[map[base]int]](), []string{"whose keys are not read back"}},
		{reflect.TypeFor[Order[map[[2]string]int]](), []string{"whose keys are not read back"}},
		{reflect.TypeFor[[]secret](), []string{"`[]` is a codec.secret, whose field `a` is not exported"}},
		{reflect.TypeFor[*secret](), []string{"`secret` is a codec.secret"}},
		{reflect.TypeFor[mixed](), []string{"`closed` is not exported"}},
		{reflect.TypeFor[locked](), []string{"is not exported"}},
		{reflect.TypeFor[noted](), []string{"stored as the `Addr` that it embeds, without its other fields"}},
		{reflect.TypeFor[hiding](), []string{"two fields are stored as `ID`"}},
		{reflect.TypeFor[twins](), []string{"two fields are stored as `a`"}},
		{reflect.TypeFor[pointing](), []string{"embeds a pointer to `base`"}},
		{reflect.TypeFor[vanishing](), []string{"embeds a pointer to `Omitted` that may come back nil"}},
	} {
		err := Storable(c.t)
		if !errors.Is(err, fault.Serialization) {
			t.Errorf("%s: %v", c.t, err)
			continue
		}
		for _, says := range c.says {
			if !strings.Contains(err.Error(), says) {
				t.Errorf("%s: %v, without %s", c.t, err, says)
			}
		}
		if _, _, err := Settle(reflect.Zero(c.t)); !errors.Is(err, fault.Serialization) {
			t.Errorf("%s: %v", c.t, err)
		}
		if err := IntoValue(reflect.New(c.t))([]byte{0xa0}); !errors.Is(err, fault.Serialization) {
			t.Errorf("%s: read as %v", c.t, err)
		}
	}
}

func TestAnAnyIsRefusedByTheNameOfWhatItHolds(t *testing.T) {
	for path, value := range map[string]any{
		"`order.Lines[][].Count`":           order{},
		"`[].Price.Lines[].Price`":          []any{holder{1}, holder{Order[any]{Lines: []struct{ Price any }{{func() {}}}}}},
		"`secret` is a codec.secret, whose": secret{},
		"`[]` is a codec.secret":            map[string]any{"a": secret{}},
		"`Order.Lines[].Price` is a func":   Order[any]{Lines: []struct{ Price any }{{func() {}}}},
	} {
		_, err := Encode(value)
		if !errors.Is(err, fault.Serialization) {
			t.Errorf("%s: %v", path, err)
		} else if !strings.Contains(err.Error(), path) {
			t.Error(path, err)
		}
	}
}

func comesBack[T any](t *testing.T, value T) {
	t.Helper()
	data, err := Encode(value)
	if err != nil {
		t.Errorf("%v: %v", value, err)
		return
	}
	var back T
	if err := Into(&back)(data); err != nil || !reflect.DeepEqual(back, value) {
		t.Errorf("%v: %v, %v", value, back, err)
	}
}

func TestATypeWithATextOfItsOwnComesBack(t *testing.T) {
	comesBack(t, Order[Money]{Lines: []struct{ Price Money }{{Money{7}}, {Money{-1}}}})
	comesBack(t, Order[*Money]{Lines: []struct{ Price *Money }{{&Money{7}}, {}}})
	comesBack(t, map[Money]Money{{1}: {2}})
	comesBack(t, []*big.Rat{big.NewRat(1, 3), nil})
	comesBack(t, netip.MustParseAddr("::1"))
	comesBack(t, map[netip.Addr]int{netip.MustParseAddr("10.0.0.7"): 7})
	comesBack(t, Stamp{time.Unix(0, 7)})
	comesBack(t, struct{ netip.Addr }{netip.MustParseAddr("::1")})
	comesBack(t, struct{ Page *url.URL }{&url.URL{Scheme: "https", Host: "a", Path: "/b"}})
	if data, err := Encode(Money{7}); err != nil || string(data) != "\x617" {
		t.Errorf("%x, %v", data, err)
	}
}

type broken struct{ cents int64 }

func (b broken) MarshalText() ([]byte, error)  { return []byte{'a' + byte(b.cents)}, nil }
func (b *broken) UnmarshalText(_ []byte) error { return nil }

type deaf struct{ cents int64 }

func (deaf) MarshalText() ([]byte, error)  { return nil, nil }
func (*deaf) UnmarshalText(_ []byte) error { return errors.New("no") }

func TestMethodsThatDoNotFitAreFoundBeforeTheValueIsStored(t *testing.T) {
	if _, err := Encode([]broken{{1}}); !errors.Is(err, fault.Serialization) || !strings.Contains(err.Error(), "another value") {
		t.Error(err)
	}
	if _, err := Encode([]deaf{{1}}); !errors.Is(err, fault.Serialization) || !strings.Contains(err.Error(), "read back") {
		t.Error(err)
	}
}

func TestWhoLoadsAValueGetsWhatOthersRead(t *testing.T) {
	for _, c := range [][2]any{
		{map[string]any{"a": 7}, map[string]any{"a": int64(7)}},
		{struct {
			A int
			B int `cbor:"-"`
		}{1, 2}, struct {
			A int
			B int `cbor:"-"`
		}{A: 1}},
	} {
		if _, back, err := Settle(reflect.ValueOf(c[0])); err != nil || !reflect.DeepEqual(back.Interface(), c[1]) {
			t.Errorf("%v: %v, %v", c[0], back, err)
		}
	}
}

func TestAnArrayHoldsItsNumberOfItemsAndNoOther(t *testing.T) {
	refused[[2]int](t, "83010203")
	refused[[2]int](t, "8101")
	refused[[2]byte](t, "43010203")
	refused[struct{ A []*[2]byte }](t, "a1614181"+"4101")
	read(t, "820102", [2]int{1, 2})
	read(t, "420102", [2]byte{1, 2})
}
