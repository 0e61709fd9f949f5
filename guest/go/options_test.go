package cache

import (
	"errors"
	"math"
	"strings"
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

func TestAnImpossibleTimeIsRefusedByItsNameAndItsReason(t *testing.T) {
	for says, all := range map[string][]Options{
		"the time to live is zero":                                  {TTL(0), TTLSeconds(0), TTLSeconds(math.Copysign(0, -1))},
		"the time to live is negative: -1s":                         {TTL(-time.Second), TTLSeconds(-1)},
		"the time to live is negative: -2562047h47m16.854775808s":   {TTL(math.MinInt64)},
		"the time to live is negative: -Inf s":                      {TTLSeconds(math.Inf(-1))},
		"the time to live is 999.999µs, shorter than a millisecond": {TTL(999_999)},
		"the time to live is 100µs, shorter than a millisecond":     {TTLSeconds(0.0001)},
		"the time to live is 1e-30 s, shorter than a millisecond":   {TTLSeconds(1e-30)},
		"the time to live is not a number":                          {TTLSeconds(math.NaN())},
		"the time to live is too long to count: +Inf s":             {TTLSeconds(math.Inf(1))},
		"the time to live is too long to count: 1e+300 s":           {TTLSeconds(1e300)},
		"the time to live is too long to count: 3.2e+10 s":          {TTLSeconds(3.2e10)},
		"the fresh time is zero":                                    {TTL(time.Second).FreshFor(0)},
		"the fresh time is negative: -1ns":                          {Options{}.FreshFor(-1)},
		"the fresh time is not a number":                            {Options{}.FreshForSeconds(math.NaN())},
		"the longest wait is negative: -1ns":                        {Options{}.MaxWait(-1)},
		"an entry cannot be fresh for 2000 ms and live for 1000 ms": {TTL(time.Second).FreshFor(2 * time.Second)},
	} {
		for _, options := range all {
			if err := options.check(); !errors.Is(err, ErrInvalidTTL) || err.Error() != "invalid time: "+says {
				t.Errorf("%v, not %s", err, says)
			}
		}
	}
	if err := TTL(time.Second).FreshFor(time.Second).check(); err != nil {
		t.Error(err)
	}
}

func TestAMissingGrantNamesTheOptionThatGivesIt(t *testing.T) {
	if !strings.Contains(ErrDenied.Error(), "run --read-only") {
		t.Error(ErrDenied)
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
