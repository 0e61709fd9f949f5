package cache

import (
	"errors"
	"math"
	"testing"
	"time"

	"spakky/cache/internal/fault"
)

// There is no host here. What comes before it is called can be seen all the same.

func TestEveryKindHasASentinel(t *testing.T) {
	kinds := map[string]error{
		"serialization": ErrSerialization, "key-generation": ErrKeyGeneration, "invalid-ttl": ErrInvalidTTL,
		"invalid-key": ErrInvalidKey, "value-too-large": ErrValueTooLarge, "lock-timeout": ErrLockTimeout,
		"lease-held": ErrLeaseHeld, "unavailable": ErrUnavailable, "operation-failed": ErrOperationFailed,
		"denied": ErrDenied, "quota-exceeded": ErrQuotaExceeded, "load-failed": ErrLoadFailed, "unsupported": ErrUnsupported,
	}
	for kind, sentinel := range kinds {
		found, ok := errors.AsType[*Error](sentinel)
		if !ok || found.Kind() != kind || found.Error() == "" {
			t.Error(kind, found)
		}
		for other, another := range kinds {
			if errors.Is(sentinel, another) != (kind == other) {
				t.Error(kind, other)
			}
		}
	}
}

func TestAnErrorKnowsWhatHappened(t *testing.T) {
	invalid := fault.Because(ErrInvalidKey, "a key is empty")
	if !errors.Is(invalid, ErrInvalidKey) || errors.Is(ErrInvalidKey, invalid) || invalid.Reason() != "a key is empty" ||
		invalid.Error() != "invalid key: a key is empty" {
		t.Error(invalid)
	}
	large := fault.Over(ErrValueTooLarge, 1024)
	if !errors.Is(large, ErrValueTooLarge) || large.Limit() != 1024 ||
		large.Error() != "the value is too large: the limit is 1024 bytes" {
		t.Error(large)
	}
	failed := fault.Until(ErrLoadFailed, 1500)
	if !errors.Is(failed, ErrLoadFailed) || failed.RetryAfter() != 1500*time.Millisecond ||
		failed.Error() != "the last load of this key failed: it may be loaded again in 1.5s" {
		t.Error(failed)
	}
	if long := fault.Until(ErrLoadFailed, math.MaxUint64).RetryAfter(); long < 100*365*24*time.Hour {
		t.Error(long)
	}
}

func TestBothErrorsOfAFailedRollbackAreFound(t *testing.T) {
	full := errors.New("disk full")
	err := error(&RollbackError{full, ErrUnavailable})
	if !errors.Is(err, full) || !errors.Is(err, ErrUnavailable) ||
		err.Error() != "disk full; and the entry could not be removed: the cache cannot be reached" {
		t.Error(err)
	}
	err = &NotCachedError{ErrDenied}
	if !errors.Is(err, ErrDenied) || err.Error() != "written, but not cached: "+ErrDenied.Error() {
		t.Error(err)
	}
}

func TestOptionsAreCheckedFirstThenTheValueThenTheKey(t *testing.T) {
	never := func(any) error { t.Error("ran"); return nil }
	wrong, unencodable := TTL(0), func() {}
	calls := map[string]func(key string, value any, options Options) error{
		"set": Set[any],
		"set_many": func(key string, value any, options Options) error {
			return SetMany([]Entry[any]{{"k", 1}, {key, value}}, options)
		},
		"write_through": func(key string, value any, options Options) error { return WriteThrough(key, value, options, never) },
		"write_behind":  func(key string, value any, options Options) error { return WriteBehind(key, value, options, never) },
	}
	for name, call := range calls {
		for _, c := range []struct {
			err  error
			want error
		}{
			{call("\xff", unencodable, wrong), ErrInvalidTTL},
			{call("\xff", unencodable, Options{}), ErrSerialization},
			{call("\xff", 1, Options{}), ErrInvalidKey},
			{call("k", 1, Options{}.Tags("\xff")), ErrInvalidKey},
			{call("k", 1, Options{}), ErrUnavailable},
		} {
			if !errors.Is(c.err, c.want) {
				t.Errorf("%s: %v, not %v", name, c.err, c.want)
			}
		}
	}
}

func TestReadsAreCheckedToo(t *testing.T) {
	never := func() (int, error) { t.Error("ran"); return 0, nil }
	_, _, get := Get[int]("\xff")
	_, many := GetMany[int]([]string{"k", "\xff"})
	_, lookup := Lookup[int]("\xff", Options{})
	_, load := GetOrLoad("k", TTL(-time.Second), never)
	_, remove := Delete("\xff")
	_, removeMany := DeleteMany("k", "\xff")
	for _, c := range []struct{ err, want error }{
		{get, ErrInvalidKey}, {many, ErrInvalidKey}, {lookup, ErrInvalidKey}, {load, ErrInvalidTTL},
		{remove, ErrInvalidKey}, {removeMany, ErrInvalidKey}, {EvictTags("\xff"), ErrInvalidKey}, {Clear(), ErrUnavailable},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%v, not %v", c.err, c.want)
		}
	}
}

func TestALeaseThatIsOverStoresNothing(t *testing.T) {
	var none *Lease[int]
	none.Close()
	over := &Lease[int]{}
	over.Close()
	for _, lease := range []*Lease[int]{none, over} {
		if stored, err := lease.Commit(1, Options{}); stored || err != nil {
			t.Error(stored, err)
		}
	}
	if _, err := over.Commit(1, TTL(0)); !errors.Is(err, ErrInvalidTTL) {
		t.Error(err)
	}
}

func TestAValueIsEncodedAndDecoded(t *testing.T) {
	data, err := Encode(map[string]int{"a": 1})
	if err != nil {
		t.Fatal(err)
	}
	if value, err := Decode[map[string]int](data); err != nil || value["a"] != 1 {
		t.Error(value, err)
	}
	if _, err := Decode[int](data); !errors.Is(err, ErrSerialization) {
		t.Error(err)
	}
}
