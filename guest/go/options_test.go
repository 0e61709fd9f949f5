package cache

import (
	"errors"
	"math"
	"testing"
	"time"
)

func TestATTLRoundsUpToWholeMilliseconds(t *testing.T) {
	for ttl, want := range map[time.Duration]uint64{
		time.Millisecond: 1, 1_000_001: 2, 1_500_000: 2, 2_000_000: 2, math.MaxInt64: 9_223_372_036_855,
	} {
		options := TTL(ttl)
		if err := options.check(); err != nil || *options.entry().TTL != want {
			t.Errorf("%v: %v, %v", ttl, *options.entry().TTL, err)
		}
	}
	if forever := (Options{}).entry(); forever.TTL != nil || forever.FreshFor != nil {
		t.Errorf("%v", forever)
	}
}

func TestSecondsMayHaveAFraction(t *testing.T) {
	for seconds, want := range map[float64]uint64{0.001: 1, 0.0015: 2, 0.07: 70, 0.25: 250, 1.5: 1_500, 60: 60_000} {
		options := TTLSeconds(seconds).FreshForSeconds(seconds)
		if err := options.check(); err != nil || *options.entry().TTL != want || *options.entry().FreshFor != want {
			t.Errorf("%v: %v, %v", seconds, *options.entry().TTL, err)
		}
	}
}

func TestImpossibleTimesAreRefused(t *testing.T) {
	for name, options := range map[string]Options{
		"zero": TTL(0), "negative": TTL(-time.Second), "short": TTL(999_999), "least": TTL(math.MinInt64),
		"0 s": TTLSeconds(0), "-0 s": TTLSeconds(math.Copysign(0, -1)), "-1 s": TTLSeconds(-1), "0.1 ms": TTLSeconds(0.0001),
		"NaN": TTLSeconds(math.NaN()), "infinity": TTLSeconds(math.Inf(1)), "-infinity": TTLSeconds(math.Inf(-1)),
		"1e300 s": TTLSeconds(1e300), "a thousand years": TTLSeconds(3.2e10),
		"fresh zero": Options{}.FreshFor(0), "fresh NaN": Options{}.FreshForSeconds(math.NaN()),
		"inverted": TTL(time.Second).FreshFor(2 * time.Second), "negative wait": Options{}.MaxWait(-1),
	} {
		if err := options.check(); !errors.Is(err, ErrInvalidTTL) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := TTL(time.Second).FreshFor(time.Second).check(); err != nil {
		t.Error(err)
	}
}

func TestAWaitMayBeZero(t *testing.T) {
	for wait, want := range map[time.Duration]uint64{0: 0, 1: 1, time.Second: 1000, math.MaxInt64: 9_223_372_036_855} {
		options := Options{}.MaxWait(wait)
		if err := options.check(); err != nil || *options.maxWait.optional() != want {
			t.Errorf("%v: %v, %v", wait, options.maxWait, err)
		}
	}
}

func TestOptionsAreValues(t *testing.T) {
	base := TTL(time.Minute).Tags("a", "b")
	one, other := base.Tags("c"), base.Tags("d")
	if base.FreshFor(0); base.check() != nil {
		t.Error("changed in place")
	}
	if one.tags[2] != "c" || other.tags[2] != "d" || len(base.tags) != 2 {
		t.Error(base.tags, one.tags, other.tags)
	}
}
