package cache

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"net/netip"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"spakky/cache/internal/template"
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
		{"{ }", []any{float32(0.1)}, "0.10000000149011612"},
		{"{}:{}:{}", []any{nil, (*big.Int)(nil), (*string)(nil)}, "null:null:null"},
		{"{}:{}", []any{new("7"), new(7)}, "%37:7"},
		{"{}:{}:{}", []any{word("7"), number(7), json.Number("7")}, "%37:7:%37"},
		{"{}", []any{netip.MustParseAddr("10.0.0.7")}, "10.0.0.7"},
		{"{}:{}", []any{big.NewRat(7, 1), big.NewFloat(0.5)}, "%37:%30.5"},
	} {
		if got, err := Key(c.template, c.values...); err != nil || got != c.want {
			t.Errorf("%s: %s, %v", c.template, got, err)
		}
	}
}

type word string

type number int

// vectors are the lines of the blocks of wit/KEYS.md with this name.
func vectors(t *testing.T, block string) []string {
	t.Helper()
	text, err := os.ReadFile("../../wit/KEYS.md")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	inside := false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "```") {
			inside = line == "```"+block
		} else if inside {
			lines = append(lines, line)
		}
	}
	if len(lines) < 3 {
		t.Fatal(block, len(lines))
	}
	return lines
}

func valueOf(t *testing.T, text string) any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	switch written := value.(type) {
	case json.Number:
		if value, err = written.Int64(); err != nil {
			value, err = written.Float64()
		}
	case map[string]any:
		if digits, is := written["$int"].(string); is {
			value, _ = new(big.Int).SetString(digits, 10)
		} else {
			value, err = strconv.ParseFloat(written["$float"].(string), 64)
		}
	}
	if err != nil {
		t.Fatal(text, err)
	}
	return value
}

func TestEachValueMakesItsKey(t *testing.T) {
	for _, line := range vectors(t, "key") {
		want, text, _ := strings.Cut(line, " ")
		if got, err := Key("k:{}", valueOf(t, text)); err != nil || got != want {
			t.Errorf("%s: %s, %v", line, got, err)
		}
	}
}

func TestWhatHasNoKeyIsRefused(t *testing.T) {
	for _, line := range vectors(t, "no-key") {
		if got, err := Key("k:{}", valueOf(t, line)); !errors.Is(err, ErrKeyGeneration) {
			t.Errorf("%s: %s, %v", line, got, err)
		}
	}
}

func TestGeneratedValuesThatDifferNeverMakeOneKey(t *testing.T) {
	seed := rand.Uint64()
	chosen := rand.New(rand.NewPCG(seed, 0))
	one := func(of ...any) any { return of[chosen.IntN(len(of))] }
	value := func() any {
		whole := chosen.IntN(19) - 9
		text := one("", "a", "true", "7").(string) + one("", ":", "%", "%3").(string) + one("", "-", "7", "null").(string)
		plain := one(nil, true, false, whole, float64(whole)*one(0.5, 0.1, 1e-9, 1e15, math.Pi).(float64), text)
		key, err := Key("{}", plain)
		if err != nil {
			t.Fatal(err)
		}
		return one(plain, fmt.Sprint(plain), key)
	}
	name := func(value any) string {
		switch value := value.(type) {
		case string:
			return strconv.Quote(value)
		case float64:
			return new(big.Rat).SetFloat64(value).RatString()
		}
		return fmt.Sprint(value)
	}
	made := map[string]string{}
	for range 20_000 {
		a, b := value(), value()
		key, err := Key("{}:{}", a, b)
		if err != nil {
			t.Fatal(err)
		}
		pair := name(a) + " and " + name(b)
		if other, is := made[key]; is && other != pair {
			t.Fatalf("%s: %s, %s, seed %d", key, other, pair, seed)
		}
		made[key] = pair
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
		{"{}", nil}, {"", []any{1}}, {"{name}", []any{1}}, {"{}", []any{new(new(1))}},
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

type repo struct{ name string }

func (r *repo) load(id int) (string, error) { return r.name, nil }

func TestAMethodOfACertainObjectIsRefusedUnlessItIsShared(t *testing.T) {
	a := &repo{"a"}
	err := thrown(func() { Cacheable("repo:{}", Options{}, a.load) })
	if !errors.Is(err, ErrKeyGeneration) || !strings.Contains(err.Error(), "Shared()") || !strings.Contains(err.Error(), "(*repo).load`") {
		t.Error(err)
	}
	for _, err := range []error{
		thrown(func() { Cacheable("repo:{}", Options{}.Shared(), a.load) }),
		thrown(func() { Cacheable("repo:{}", Options{}, func(id int) (string, error) { return a.load(id) }) }),
		thrown(func() { CacheEvict(Evict{Key: "repo:{}"}, func(int) error { return nil }) }),
	} {
		if err != nil {
			t.Error(err)
		}
	}
}

type account struct{ balance int }

func TestAResultThatCannotBeStoredIsRefusedWhenAFunctionIsMadeAndBeforeALoaderRuns(t *testing.T) {
	err := thrown(func() {
		Cacheable("k", Options{}, func() ([]account, error) { t.Error("ran"); return nil, nil })
	})
	if !errors.Is(err, ErrSerialization) || !strings.Contains(err.Error(), "`[]` is a cache.account, whose field `balance`") {
		t.Error(err)
	}
	never := func() (account, error) { t.Error("ran"); return account{}, nil }
	_, load := GetOrLoad("k", Options{}, never)
	_, lookup := Lookup[account]("k", Options{})
	through := WriteThrough("k", account{1}, Options{}, func(account) error { t.Error("ran"); return nil })
	for _, err := range []error{load, lookup, through, Set("k", account{1}, Options{})} {
		if !errors.Is(err, ErrSerialization) {
			t.Error(err)
		}
	}
}

func TestEachArgumentOfAFunctionIsInItsKey(t *testing.T) {
	type key struct{}
	told := context.WithValue(context.Background(), key{}, "told")
	page := func(ctx context.Context, _ *user, _ string, _ int) (string, error) {
		if ctx.Value(key{}) != "told" {
			t.Error("another context")
		}
		return "done", nil
	}
	// The key is made, and the cache is not there.
	load := Cacheable("{ID}:{1}:{2}", Options{}.Tags("{2}", "{Name}"), page)
	if _, err := load(told, &user{ID: 7}, "a", 1); !errors.Is(err, ErrUnavailable) {
		t.Error(err)
	}
	if _, err := load(told, nil, "a", 1); !errors.Is(err, ErrKeyGeneration) {
		t.Error(err)
	}
	gone, cancel := context.WithCancel(told)
	cancel()
	if _, err := load(gone, &user{}, "a", 1); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	evict := CacheEvict(Evict{Key: "{ID}:{1}"}, page)
	if result, err := evict(told, &user{}, "a", 1); result != "done" || !errors.Is(err, ErrUnavailable) {
		t.Error(result, err)
	}
	bound, err := template.Bind("{}:{}:{1}", []reflect.Type{reflect.TypeFor[int](), reflect.TypeFor[string]()})
	if err != nil {
		t.Fatal(err)
	}
	if text, err := bound.Fill([]reflect.Value{reflect.ValueOf(7), reflect.ValueOf("7")}); err != nil || text != "7:%37:%37" {
		t.Error(text, err)
	}
}

func TestAKeyThatNamesNothingOfAnArgumentIsRefusedUnlessItIsShared(t *testing.T) {
	two := func(user, *user) (int, error) { return 0, nil }
	page := func(int, string) (int, error) { return 0, nil }
	for says, make := range map[string]func(){
		"names nothing of argument 2":        func() { Cacheable("k:{}", Options{}, page) },
		"names nothing of argument 1":        func() { Cacheable("k:{1}", Options{}, page) },
		"{} is beyond the arguments":         func() { Cacheable("k:{}:{}:{}", Options{}, page) },
		"{2} is beyond the arguments":        func() { Cacheable("k:{2}", Options{}, page) },
		"more than one argument has a field": func() { Cacheable("k:{ID}", Options{}, two) },
		"no argument has a field `Missing`":  func() { Cacheable("k:{Missing}", Options{}, two) },
	} {
		if err := thrown(make); !errors.Is(err, ErrKeyGeneration) || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, not %s", err, says)
		}
	}
	if err := thrown(func() { Cacheable("k:{}", Options{}.Shared(), page) }); err != nil {
		t.Error(err)
	}
}

func TestWhatIsNoFunctionOfTheKindIsRefusedWhenItIsGiven(t *testing.T) {
	for _, make := range []func(){
		func() { Cacheable("k", Options{}, 7) },
		func() { Cacheable("k", Options{}, (func() (int, error))(nil)) },
		func() { Cacheable("k", Options{}, func() int { return 0 }) },
		func() { Cacheable("k", Options{}, func() error { return nil }) },
		func() { Cacheable("k:{}", Options{}, func(...int) (int, error) { return 0, nil }) },
		func() { CacheEvict(Evict{All: true}, func() {}) },
	} {
		func() {
			defer func() {
				if text, is := recover().(string); !is || !strings.HasPrefix(text, "cache: Cache") {
					t.Error(text)
				}
			}()
			make()
		}()
	}
}

func TestAKeyThatCannotBeMadeRunsNothing(t *testing.T) {
	never := func(user) error { t.Error("ran"); return nil }
	evict := CacheEvict(Evict{Key: "{Any}"}, never)
	if err := evict(user{Any: []int{}}); !errors.Is(err, ErrKeyGeneration) {
		t.Error(err)
	}
	load := Cacheable("{Any}", Options{}, func(a user) (int, error) { return 0, never(a) })
	if _, err := load(user{Any: []int{}}); !errors.Is(err, ErrKeyGeneration) {
		t.Error(err)
	}
}

func TestAFunctionThatFailsEvictsNothingAndKeepsItsError(t *testing.T) {
	evict := CacheEvict(Evict{All: true}, func(int) (string, error) { return "half", errBroken })
	if result, err := evict(1); result != "half" || err != errBroken {
		t.Error(result, err)
	}
	// It succeeded; that the eviction cannot is an error, too, and the result is there.
	evict = CacheEvict(Evict{Key: "{}"}, func(int) (string, error) { return "done", nil })
	if result, err := evict(1); result != "done" || !errors.Is(err, ErrUnavailable) {
		t.Error(result, err)
	}
}
