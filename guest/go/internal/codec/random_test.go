package codec

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"net/netip"
	"os"
	"reflect"
	"strconv"
	"testing"
	"time"
)

type (
	Celsius float64
	Level   uint8
	Octets  []Level
	Nested  struct {
		Name string `json:"name,omitempty"`
		Tree *Nested
		More map[string]Nested
	}
	Embedding struct {
		Nested `cbor:"n"`
		Celsius
		base
		*Named
	}
	Tuple struct {
		_ struct{} `cbor:",toarray"`
		A int
		B *string
	}
	Numbered struct {
		A int `cbor:"1,keyasint"`
		B any `cbor:"-2,keyasint,omitempty"`
	}
)

func (l Level) MarshalText() ([]byte, error) { return strconv.AppendUint(nil, uint64(l), 2), nil }

func (l *Level) UnmarshalText(text []byte) error {
	number, err := strconv.ParseUint(string(text), 2, 8)
	*l = Level(number)
	return err
}

// random makes types, and values of them.
type random struct{ *rand.Rand }

func seeded(t *testing.T) random {
	seed := rand.Uint64()
	if given, err := strconv.ParseUint(os.Getenv("SPAKKY_SEED"), 10, 64); err == nil {
		seed = given
	}
	t.Logf("SPAKKY_SEED=%d", seed)
	return random{rand.New(rand.NewPCG(seed, 0))}
}

var leaves = []reflect.Type{
	reflect.TypeFor[bool](), reflect.TypeFor[int](), reflect.TypeFor[int8](), reflect.TypeFor[int16](),
	reflect.TypeFor[int32](), reflect.TypeFor[int64](), reflect.TypeFor[uint](), reflect.TypeFor[uint8](),
	reflect.TypeFor[uint16](), reflect.TypeFor[uint32](), reflect.TypeFor[uint64](), reflect.TypeFor[float32](),
	reflect.TypeFor[float64](), reflect.TypeFor[string](), reflect.TypeFor[any](), reflect.TypeFor[big.Int](),
	reflect.TypeFor[time.Duration](), reflect.TypeFor[Celsius](), reflect.TypeFor[Level](), reflect.TypeFor[Octets](),
	reflect.TypeFor[Nested](), reflect.TypeFor[Embedding](), reflect.TypeFor[Tuple](), reflect.TypeFor[Numbered](),
	reflect.TypeFor[Money](), reflect.TypeFor[netip.Addr](), reflect.TypeFor[struct{}](),
	reflect.TypeFor[time.Time](), reflect.TypeFor[UUID](), reflect.TypeFor[Decimal](), reflect.TypeFor[Set[string]](),
	// And what is to be refused.
	reflect.TypeFor[onlyJSON](), reflect.TypeFor[onlyText](), reflect.TypeFor[mixed](), reflect.TypeFor[noted](),
	reflect.TypeFor[hiding](), reflect.TypeFor[twins](), reflect.TypeFor[vanishing](), reflect.TypeFor[error](),
	reflect.TypeFor[big.Float](), reflect.TypeFor[uintptr](), reflect.TypeFor[func()](),
}

func (r random) typeOf(depth int) reflect.Type {
	if depth <= 0 {
		return leaves[r.IntN(len(leaves))]
	}
	inner := r.typeOf(depth - 1)
	switch r.IntN(7) {
	case 0:
		return reflect.PointerTo(inner)
	case 1:
		return reflect.SliceOf(inner)
	case 2:
		return reflect.ArrayOf(r.IntN(3), inner)
	case 3:
		if key := r.typeOf(r.IntN(2)); key.Comparable() {
			return reflect.MapOf(key, inner)
		}
	case 4, 5:
		return r.structOf(inner, depth-1)
	}
	return inner
}

func (r random) structOf(first reflect.Type, depth int) reflect.Type {
	made := []reflect.StructField{}
	for i, t := range []reflect.Type{first, r.typeOf(depth), r.typeOf(depth)}[:1+r.IntN(3)] {
		name := string(rune('A' + i))
		tags := []string{"", "", `json:"-"`, `json:",omitempty"`, `cbor:"b"`, `cbor:",omitempty"`, fmt.Sprintf(`cbor:"%d,keyasint"`, i)}
		made = append(made, reflect.StructField{Name: name, Type: t, Tag: reflect.StructTag(tags[r.IntN(len(tags))])})
	}
	return reflect.StructOf(made)
}

// fill gives a variable a value; whether a value comes back must not depend on it.
func (r random) fill(v reflect.Value, depth int) {
	few := r.IntN(3)
	if depth <= 0 {
		few = 0
	}
	switch v.Addr().Interface().(type) {
	case *big.Int:
		v.Addr().Interface().(*big.Int).SetUint64(r.Uint64())
		return
	case *netip.Addr:
		v.Set(reflect.ValueOf(netip.AddrFrom4([4]byte{1, 2, 3, byte(few)})))
		return
	case *time.Time:
		if few > 0 || depth <= 0 {
			v.Set(reflect.ValueOf(time.Unix(r.Int64N(250_000_000_000), r.Int64N(1_000_000_000)).UTC()))
		}
		return
	case *Decimal:
		v.Set(reflect.ValueOf(NewDecimal(r.Int64()>>r.IntN(64), r.Int64N(9)-4)))
		return
	case *Set[string]:
		v.Set(reflect.ValueOf([]Set[string]{{}, {"b": {}, "a": {}}, {"é": {}}}[r.IntN(3)]))
		return
	case *Money:
		v.Set(reflect.ValueOf(Money{r.Int64() >> r.IntN(64)}))
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(few == 1)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(r.Uint64()) >> r.IntN(64))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(r.Uint64() >> r.IntN(64))
	case reflect.Float32:
		v.SetFloat(float64(math.Float32frombits(r.Uint32() & []uint32{math.MaxUint32, 0xff800000, 0}[few])))
	case reflect.Float64:
		v.SetFloat(math.Float64frombits(r.Uint64() & []uint64{math.MaxUint64, 0xfff << 52, 0}[few]))
	case reflect.String:
		v.SetString([]string{"", "a", "é\x00"}[r.IntN(3)])
	case reflect.Interface:
		if v.NumMethod() == 0 {
			if few > 0 {
				v.Set(reflect.ValueOf([]any{int64(-7), "text", 1.5, true, []any{nil}, map[string]any{"a": int64(1)}, map[any]any{int64(1): map[string]any{}}}[r.IntN(7)]))
			}
		}
	case reflect.Pointer:
		if few > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			if r.fill(v.Elem(), depth-1); v.Type().Elem() == timeType {
				v.Elem().Set(reflect.ValueOf(time.Unix(7, 0).UTC()))
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), few, few))
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			r.fill(v.Index(i), depth-1)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range few {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			r.fill(key, depth-1)
			r.fill(value, depth-1)
			if key.Comparable() && key.Equal(key) { // no NaN
				v.SetMapIndex(key, value)
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			// What a tag leaves out comes back as zero, which is what its author says.
			if field := v.Type().Field(i); v.Field(i).CanSet() && !tagOf(field).leavesOut {
				r.fill(v.Field(i), depth-1)
			} else if field.Anonymous && field.Type.Kind() == reflect.Struct {
				r.fill(v.Field(i).Field(0), depth-1)
			}
		}
	}
}

// same compares as Go programs do: an empty slice or map is as good as a nil one.
func same(a, b reflect.Value) bool {
	if !a.IsValid() || !b.IsValid() || a.Type() != b.Type() {
		return a.IsValid() == b.IsValid() && !a.IsValid()
	}
	switch a.Kind() {
	case reflect.Float32, reflect.Float64:
		return a.Float() == b.Float() || math.IsNaN(a.Float()) && math.IsNaN(b.Float())
	case reflect.Interface, reflect.Pointer:
		return a.IsNil() == b.IsNil() && same(a.Elem(), b.Elem())
	case reflect.Slice, reflect.Array:
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !same(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Map:
		if a.Len() != b.Len() {
			return false
		}
		for pairs := a.MapRange(); pairs.Next(); {
			if !same(pairs.Value(), b.MapIndex(pairs.Key())) {
				return false
			}
		}
		return true
	case reflect.Struct:
		if a.Type() == timeType {
			return a.Interface().(time.Time).Equal(b.Interface().(time.Time))
		}
		if a.Type() == bigInt {
			a, b := a.Interface().(big.Int), b.Interface().(big.Int)
			return a.Cmp(&b) == 0
		}
		for i := range a.NumField() {
			if !same(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	}
	if a.Kind() == reflect.Func {
		return a.IsNil() && b.IsNil()
	}
	return a.Equal(b)
}

func TestAGeneratedTypeIsRefusedOrEachOfItsValuesComesBack(t *testing.T) {
	r := seeded(t)
	stored, refused := 0, 0
	for range 3_000 {
		made := r.typeOf(r.IntN(4))
		if Storable(made) != nil {
			refused++
			continue
		}
		stored++
		for range 5 {
			value, back := reflect.New(made).Elem(), reflect.New(made)
			r.fill(value, 5)
			data, _, err := Settle(value)
			if err == nil {
				err = IntoValue(back)(data)
			}
			if err != nil || !same(value, back.Elem()) {
				t.Fatalf("%s: %#v came back as %#v, %v (%x)", made, value, back.Elem(), err, data)
			}
		}
	}
	if stored < 500 || refused < 500 {
		t.Error(stored, refused)
	}
}
