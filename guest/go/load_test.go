package cache

import (
	"context"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"spakky/cache/internal/codec"
	"spakky/cache/internal/fault"
	"spakky/cache/internal/host"
)

// There is no host here. These tests answer in its place, for what a real one seldom does.

// answer is what a lookup answers, with the entry's value.
type answer struct {
	host.Found
	value any
}

// scripted answers lookups in order, and notes what is done.
type scripted struct {
	t       *testing.T
	answers []answer
	asked   []lookup
	// Calls of the lease, and the options of a commit.
	calls  []string
	stored host.Options
	// What a commit answers.
	lost   bool
	failed error
}

func (s *scripted) find(_ context.Context, _ string, asked lookup, use func(*host.Found, []byte)) (host.Found, lease, error) {
	s.asked = append(s.asked, asked)
	if len(s.answers) == 0 {
		s.t.Fatal("one lookup too many")
	}
	found := s.answers[0]
	s.answers = s.answers[1:]
	if found.State == host.Hit || found.State == host.Stale {
		data, err := codec.Encode(found.value)
		if err != nil {
			s.t.Fatal(err)
		}
		use(&found.Found, data)
		clear(data)
	}
	return found.Found, s, nil
}

func (s *scripted) note(call string) (bool, error) {
	s.calls = append(s.calls, call)
	return true, nil
}

func (s *scripted) Commit(_ []byte, options host.Options) (bool, error) {
	s.stored = options
	_, _ = s.note("commit")
	return !s.lost && s.failed == nil, s.failed
}

func (s *scripted) Pass(count uint64) (bool, error) {
	return s.note("pass " + milliseconds(count).String())
}

func (s *scripted) Fail(count uint64) (bool, error) {
	return s.note("fail " + milliseconds(count).String())
}

func (s *scripted) Drop() { _, _ = s.note("drop") }

func (s *scripted) Within(ctx context.Context) context.Context { return ctx }

// A hit, a stale entry with and without a lease, and so on, of version 7.
func hit(value any) answer {
	return answer{host.Found{State: host.Hit, Version: 7, AgeMS: 1500, Fresh: true}, value}
}

func stale(value any, fresh bool) answer {
	return answer{host.Found{State: host.Stale, Version: 7, AgeMS: 1500, Fresh: fresh, Lease: new(host.Lease)}, value}
}

func refreshedByOthers(value any) answer {
	return answer{host.Found{State: host.Stale, Version: 7, AgeMS: 1500}, value}
}

var (
	miss = answer{host.Found{State: host.Miss, Lease: new(host.Lease)}, nil}
	pass = answer{host.Found{State: host.Pass}, nil}
)

func load[T any](t *testing.T, options Options, loader func() (Loaded[T], error), answers ...answer) (Outcome[T], error, *scripted) {
	t.Helper()
	script := &scripted{t: t, answers: answers}
	load := loading{key: "k", options: options, t: reflect.TypeFor[T](), find: script.find}
	load.loader = func(context.Context) (reflect.Value, storing, error) {
		loaded, err := loader()
		_, _ = script.note("load")
		value, how := loaded.chosen()
		return value, how, err
	}
	made, err := load.run(context.Background())
	found := Outcome[T]{Source: made.Source, Stored: made.Stored, Err: made.Err, Age: made.Age, Version: made.Version}
	if err == nil {
		found.Value = made.Value.Interface().(T)
	}
	if len(script.answers) != 0 {
		t.Errorf("%d lookups too few", len(script.answers))
	}
	return found, err, script
}

func loads(value int) func() (Loaded[int], error) {
	return func() (Loaded[int], error) { return Loaded[int]{Value: value}, nil }
}

var errDown = errors.New("down")

func fails() (Loaded[int], error) { return Loaded[int]{Value: 1}, errDown }

func expect[T any](t *testing.T, got, want Outcome[T], script *scripted, calls ...string) {
	t.Helper()
	if !errors.Is(got.Err, want.Err) {
		t.Errorf("the error is %v, not %v", got.Err, want.Err)
	}
	got.Err, want.Err = nil, nil
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, not %+v", got, want)
	}
	if !slices.Equal(script.calls, calls) {
		t.Errorf("%v, not %v", script.calls, calls)
	}
}

var none Options

func TestAnOutcomeSaysWhereTheValueComesFrom(t *testing.T) {
	entry := Outcome[int]{Value: 1, Age: 1500 * time.Millisecond, Version: 7}
	got, _, script := load(t, none, loads(2), hit(1))
	expect(t, got, entry, script)
	entry.Source = FromStale
	got, _, script = load(t, none, loads(2), refreshedByOthers(1))
	expect(t, got, entry, script)
	got, _, script = load(t, none, loads(2), stale(1, false))
	expect(t, got, Outcome[int]{Value: 2, Source: FromLoader, Stored: true}, script, "load", "commit", "drop")
	got, _, script = load(t, none, loads(2), miss)
	expect(t, got, Outcome[int]{Value: 2, Source: FromLoader, Stored: true}, script, "load", "commit", "drop")
	got, _, script = load(t, none, loads(2), pass)
	expect(t, got, Outcome[int]{Value: 2, Source: FromPass}, script, "load", "drop")
	names := FromHit.String() + FromStale.String() + FromLoader.String() + FromPass.String()
	if names != "hitstaleloadedpassed" {
		t.Error(names)
	}
}

func TestAnEntryOfAnotherTypeIsLoadedAnewOnce(t *testing.T) {
	got, err, script := load(t, none, loads(2), hit("text"), stale("text", true))
	expect(t, got, Outcome[int]{Value: 2, Source: FromLoader, Stored: true}, script, "load", "commit", "drop")
	if err != nil || script.asked[0].unless != nil || *script.asked[1].unless != 7 {
		t.Error(script.asked, err)
	}
	// Another caller replaced it meanwhile.
	got, _, script = load(t, none, loads(2), refreshedByOthers("text"), hit(1))
	expect(t, got, Outcome[int]{Value: 1, Age: 1500 * time.Millisecond, Version: 7}, script)
	// And with another of that type.
	for _, again := range []answer{hit("other"), refreshedByOthers("other")} {
		got, _, script = load(t, none, loads(2), hit("text"), again)
		expect(t, got, Outcome[int]{Value: 2, Source: FromPass, Err: ErrSerialization}, script, "load")
	}
	if _, err, _ := load(t, none, fails, hit("text"), hit("other")); err != errDown {
		t.Error(err)
	}
	if _, err, script := load(t, none, fails, hit("text"), stale("text", true)); err != errDown || len(script.calls) != 2 {
		t.Error(err, script.calls)
	}
}

func TestAFailedRefreshServesTheEntry(t *testing.T) {
	entry := Outcome[int]{Value: 1, Source: FromStale, Age: 1500 * time.Millisecond, Version: 7, Err: errDown}
	got, err, script := load(t, none, fails, stale(1, false))
	if expect(t, got, entry, script, "load", "drop"); err != nil {
		t.Error(err)
	}
	if _, err, script := load(t, none.StaleIfError(false), fails, stale(1, false)); err != errDown || len(script.calls) != 2 {
		t.Error(err, script.calls)
	}
	entry.Source = FromHit
	got, _, script = load(t, none.StaleIfError(false), fails, stale(1, true))
	expect(t, got, entry, script, "load", "drop")
	if _, err, _ := load(t, none, fails, miss); err != errDown {
		t.Error(err)
	}
}

func TestAFailedLoadMayHoldOthersBack(t *testing.T) {
	options := none.RetryAfter(time.Minute)
	_, err, script := load(t, options, fails, miss)
	if err != errDown || !slices.Equal(script.calls, []string{"load", "fail 1m0s", "drop"}) {
		t.Error(err, script.calls)
	}
	got, err, script := load(t, options, fails, stale(1, false))
	if err != nil || got.Value != 1 || !slices.Equal(script.calls, []string{"load", "fail 1m0s", "drop"}) {
		t.Error(got, err, script.calls)
	}
	if err := none.RetryAfter(0).check(); !errors.Is(err, ErrInvalidTTL) {
		t.Error(err)
	}
}

func TestALoaderChoosesHowItsValueIsStored(t *testing.T) {
	call := TTL(time.Hour).FreshFor(time.Minute).Tags("a")
	for _, c := range []struct {
		chosen     Options
		ttl, fresh time.Duration
		tags       []string
	}{
		{none, time.Hour, time.Minute, []string{"a"}},
		{TTL(time.Second), time.Second, time.Second, []string{"a"}},
		{none.FreshFor(time.Second).Tags("b", "c"), time.Hour, time.Second, []string{"b", "c"}},
		{TTL(2 * time.Hour).Tags(), 2 * time.Hour, time.Minute, []string{}},
	} {
		got, err, script := load(t, call, func() (Loaded[int], error) { return Store(2, c.chosen), nil }, miss)
		stored := script.stored
		if err != nil || !got.Stored || milliseconds(*stored.TTL) != c.ttl || milliseconds(*stored.FreshFor) != c.fresh || !slices.Equal(stored.Tags, c.tags) {
			t.Error(c, got, err, stored)
		}
	}
	for _, chosen := range []Loaded[int]{
		Store(2, TTL(0)), Store(2, none.FreshFor(2*time.Hour)), DoNotStore(2).PassFor(-1),
	} {
		_, err, script := load(t, call, func() (Loaded[int], error) { return chosen, nil }, miss)
		if !errors.Is(err, ErrInvalidTTL) || !slices.Equal(script.calls, []string{"load", "drop"}) {
			t.Error(err, script.calls)
		}
	}
}

func TestALoaderMayChooseToStoreNothing(t *testing.T) {
	once := func() (Loaded[int], error) { return DoNotStore(2), nil }
	got, _, script := load(t, none, once, miss)
	expect(t, got, Outcome[int]{Value: 2, Source: FromLoader}, script, "load", "drop")
	long := func() (Loaded[int], error) { return DoNotStore(2).PassFor(time.Hour), nil }
	got, _, script = load(t, none, long, stale(1, false))
	expect(t, got, Outcome[int]{Value: 2, Source: FromLoader}, script, "load", "pass 1h0m0s", "drop")
	got, _, script = load(t, none, long, pass)
	expect(t, got, Outcome[int]{Value: 2, Source: FromPass}, script, "load", "drop")
}

func TestWhatCannotBeStoredIsReturnedAndPassed(t *testing.T) {
	got, err, script := load(t, none, func() (Loaded[any], error) { return Loaded[any]{Value: "\xff"}, nil }, miss)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, got, Outcome[any]{Value: "\xff", Source: FromLoader, Err: ErrSerialization}, script, "load", "pass 1m0s", "drop")
	for _, failed := range []error{fault.Over(ErrValueTooLarge, 8), ErrUnavailable} {
		script := &scripted{t: t, answers: []answer{miss}, failed: failed}
		load := loading{key: "k", t: reflect.TypeFor[float64](), find: script.find}
		load.loader = func(context.Context) (reflect.Value, storing, error) {
			return reflect.ValueOf(math.Pi), storing{}, nil
		}
		made, err := load.run(context.Background())
		if failed == error(ErrUnavailable) {
			if err != failed || !slices.Equal(script.calls, []string{"commit", "drop"}) {
				t.Error(err, script.calls)
			}
			continue
		}
		if err != nil || made.Value.Float() != math.Pi || made.Stored || made.Err != failed ||
			!slices.Equal(script.calls, []string{"commit", "pass 1m0s", "drop"}) {
			t.Error(made, err, script.calls)
		}
	}
	// Something replaced the key meanwhile.
	lost := &scripted{t: t, answers: []answer{miss}, lost: true}
	load := loading{key: "k", t: reflect.TypeFor[int](), find: lost.find}
	load.loader = func(context.Context) (reflect.Value, storing, error) { return reflect.ValueOf(2), storing{}, nil }
	if made, err := load.run(context.Background()); err != nil || made.Stored || made.Err != nil {
		t.Error(made, err)
	}
}

func price(id int, currency string) (int, error) { return id, nil }

func (r *repo) price(id int) (int, error) { return id, nil }

func generic[T any](T) (int, error) { return 0, nil }

func TestAFunctionWithoutATemplateHasItsNameAndArgumentsAsKey(t *testing.T) {
	keyOf := func(of any, arguments ...any) string {
		made := functionOf("Cacheable", of)
		values := make([]reflect.Value, len(arguments))
		for i, argument := range arguments {
			values[i] = reflect.ValueOf(argument)
		}
		bound := made.bind(made.defaultKey())
		key, err := bound.Fill(values)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	for want, got := range map[string]string{
		"spakky/cache.price:7:eur":                    keyOf(price, 7, "eur"),
		"spakky/cache.price:7:%37":                    keyOf(price, 7, "7"),
		"spakky/cache.(*repo).price:7":                keyOf((&repo{}).price, 7),
		"spakky/cache.counting":                       keyOf(counting),
		"spakky/cache.TestingOfNames:a%3Ab:null:true": keyOf(TestingOfNames, "a:b", (*int)(nil), true),
	} {
		if got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
	local := func(int) (int, error) { return 0, nil }
	cached := Cacheable("{}", none, local)
	for says, of := range map[string]any{
		"a function literal has no name": local, "has no name of its own": cached, "is generic": generic[int],
	} {
		err := thrown(func() { Cacheable("", none, of) })
		if !errors.Is(err, ErrKeyGeneration) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
	if err := thrown(func() { Cacheable("", none, func([]int) (int, error) { return 0, nil }) }); !errors.Is(err, ErrKeyGeneration) {
		t.Error(err)
	}
	if err := thrown(func() { Cacheable("", none, price) }); err != nil {
		t.Error(err)
	}
	if err := thrown(func() { Cacheable("", none, (&repo{}).price) }); !errors.Is(err, ErrKeyGeneration) {
		t.Error(err)
	}
}

func counting() (int, error) { return 0, nil }

// TestingOfNames is a function whose name is exported.
func TestingOfNames(string, *int, bool) (int, error) { return 0, nil }

func TestPlaceholdersHaveNumbers(t *testing.T) {
	for text, want := range map[string]string{"{1}:{0}": "b:a", "{}:{}": "a:b", "{0}:{1}:{0}": "a:b:a"} {
		if got, err := Key(text, "a", "b"); err != nil || got != want {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"{0}", "{0}:{2}", "{}:{}:{}", "{00}:{1}", "{-1}:{1}", "{name}:{}", "{0}:{0}"} {
		if got, err := Key(text, "a", "b"); !errors.Is(err, ErrKeyGeneration) {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
}

func TestAFunctionMayReturnWhatItChooses(t *testing.T) {
	made := functionOf("Cacheable", func() (Loaded[int], error) { return DoNotStore(7), nil })
	stored, choosing := made.stored()
	value, how, err := choosing(made.call(context.Background(), nil))
	if stored != reflect.TypeFor[int]() || value.Int() != 7 || !how.not || err != nil {
		t.Error(stored, value, how, err)
	}
	result := reflect.New(made.result).Elem()
	settle(result, stored).Set(reflect.ValueOf(8))
	if result.Interface().(Loaded[int]).Value != 8 {
		t.Error(result)
	}
	cached := Cacheable("k", none, func() (Loaded[int], error) { t.Error("ran"); return Loaded[int]{}, nil })
	if _, err := cached(); !errors.Is(err, ErrUnavailable) {
		t.Error(err)
	}
}
