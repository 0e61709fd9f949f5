package cache

import (
	"errors"
	"math"
	"math/big"
	"net/netip"
	"testing"
	"time"
)

type user struct {
	ID    uint64
	Name  string
	Ratio float64
	At    time.Duration
	Tags  []string
	Any   any
	name  string
}

func TestValuesAreEscapedAndTextIsNot(t *testing.T) {
	for _, c := range []struct {
		template string
		values   []any
		want     string
	}{
		{"p:{}:{}", []any{"a:b", "100%"}, "p:a%3Ab:100%25"},
		{"{{u}}:{}", []any{7}, "{u}:7"},
		{"plain", nil, "plain"},
		{"{}:{}:{}:{}", []any{true, -1.5, uint8(3), 1e21}, "true:-1.5:3:1000000000000000000000"},
		{"{}", []any{time.Minute}, "1m0s"},
		{"{}", []any{netip.MustParseAddr("::1")}, "%3A%3A1"},
		{"{}", []any{big.NewInt(5)}, "5"},
		{"{ }", []any{float32(0.1)}, "0.1"},
	} {
		if got, err := Key(c.template, c.values...); err != nil || got != c.want {
			t.Errorf("%s: %s, %v", c.template, got, err)
		}
	}
}

func TestDifferentValuesMakeDifferentKeys(t *testing.T) {
	keys := map[string]bool{}
	pairs := [][2]any{{"a", "b:c"}, {"a:b", "c"}, {"a%3Ab", "c"}, {"a%", "3Ab:c"}, {"", "a:b:c"}, {"a", ""}}
	for _, pair := range pairs {
		key, err := Key("{}:{}", pair[0], pair[1])
		if err != nil {
			t.Fatal(err)
		}
		keys[key] = true
	}
	if len(keys) != len(pairs) {
		t.Error(keys)
	}
}

func TestWhatMakesNoKeyIsRefused(t *testing.T) {
	for _, c := range []struct {
		template string
		values   []any
	}{
		{"{}{}", []any{1, 2}}, {"{}-{}", []any{1, 2}}, {"{", nil}, {"}", nil}, {"{{}", nil}, {"{a{}}", []any{1}},
		{"{}", nil}, {"", []any{1}}, {"{name}", []any{1}}, {"{}", []any{nil}}, {"{}", []any{(*big.Int)(nil)}},
		{"{}", []any{[]byte("a")}}, {"{}", []any{struct{}{}}}, {"{}", []any{math.NaN()}}, {"{}", []any{math.Inf(1)}},
		{"{}", []any{map[string]int{}}}, {"{}", []any{func() {}}}, {"{}", []any{broken{}}},
	} {
		if key, err := Key(c.template, c.values...); !errors.Is(err, ErrKeyGeneration) {
			t.Errorf("%s of %v: %s, %v", c.template, c.values, key, err)
		}
	}
}

type broken struct{}

var errBroken = errors.New("broken")

func (broken) MarshalText() ([]byte, error) { return nil, errBroken }

func TestAValuesOwnErrorIsBelowTheCaches(t *testing.T) {
	if _, err := Key("{}", broken{}); !errors.Is(err, errBroken) || !errors.Is(err, ErrKeyGeneration) {
		t.Error(err)
	}
}

func thrown(call func()) (err error) {
	defer func() { err, _ = recover().(error) }()
	call()
	return nil
}

func TestTemplatesAreRefusedWhenAFunctionIsMade(t *testing.T) {
	load := func(user) (int, error) { return 0, nil }
	for _, template := range []string{
		"{id}", "{name}", "{}", "{Tags}", "{ID}{Name}", "{Missing}", "{",
	} {
		if err := thrown(func() { Cacheable(template, Options{}, load) }); !errors.Is(err, ErrKeyGeneration) {
			t.Errorf("key %s: %v", template, err)
		}
		tagged := Options{}.Tags(template)
		if err := thrown(func() { Cacheable("k", tagged, load) }); !errors.Is(err, ErrKeyGeneration) {
			t.Errorf("tag %s: %v", template, err)
		}
		evict := Evict{Tags: []string{template}}
		if err := thrown(func() { CacheEvict(evict, func(user) error { return nil }) }); !errors.Is(err, ErrKeyGeneration) {
			t.Errorf("evict %s: %v", template, err)
		}
	}
	for _, what := range []Evict{{}, {All: true, Key: "k"}, {All: true, Tags: []string{"t"}}} {
		if err := thrown(func() { CacheEvict(what, func(int) error { return nil }) }); !errors.Is(err, ErrKeyGeneration) {
			t.Errorf("%v: %v", what, err)
		}
	}
	for _, err := range []error{
		thrown(func() { Cacheable("{ID}:{Name}:{Ratio}:{At}:{Any}", Options{}, load) }),
		thrown(func() { Cacheable("{}", Options{}, func(string) (int, error) { return 0, nil }) }),
		thrown(func() { Cacheable("all", Options{}, func(struct{}) (int, error) { return 0, nil }) }),
		thrown(func() { CacheEvict(Evict{All: true}, func(user) error { return nil }) }),
	} {
		if err != nil {
			t.Error(err)
		}
	}
}

func TestAKeyThatCannotBeMadeRunsNothing(t *testing.T) {
	never := func(user) error { t.Error("ran"); return nil }
	evict := CacheEvict(Evict{Key: "{Any}"}, never)
	if err := evict(user{}); !errors.Is(err, ErrKeyGeneration) {
		t.Error(err)
	}
	load := Cacheable("{Any}", Options{}, func(a user) (int, error) { return 0, never(a) })
	if _, err := load(user{}); !errors.Is(err, ErrKeyGeneration) {
		t.Error(err)
	}
}

func TestAFunctionThatFailsEvictsNothingAndKeepsItsError(t *testing.T) {
	evict := CacheEvictResult(Evict{All: true}, func(int) (string, error) { return "half", errBroken })
	if result, err := evict(1); result != "half" || err != errBroken {
		t.Error(result, err)
	}
	// It succeeded; that the eviction cannot is an error, too, and the result is there.
	evict = CacheEvictResult(Evict{Key: "{}"}, func(int) (string, error) { return "done", nil })
	if result, err := evict(1); result != "done" || !errors.Is(err, ErrUnavailable) {
		t.Error(result, err)
	}
}
