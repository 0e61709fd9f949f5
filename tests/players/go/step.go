package main

import (
	"bytes"
	"encoding/json"
	"time"

	"spakky/cache"
)

// step is one step. The player in Rust checks the steps: every scenario is played there,
// too.
type step struct {
	Op       string
	Key      string
	Keys     []string
	Value    value
	Entries  []entry
	Tags     []string
	Options  options
	Loader   work
	Writer   work
	ID, Part value
	Fail     *string
	By       string
	Endpoint string
	How      string
	Times    int
}

// work is what a loader or a writer does.
type work struct {
	Value value
	Fail  *string
	Then  []step
	// What a loader chooses.
	TTL   *int64 `json:"ttl_ms"`
	Fresh *int64 `json:"fresh_ms"`
	Tags  []string
	Store *bool
	Pass  *int64 `json:"pass_ms"`
}

// chooses tells whether a loader chooses how its value is stored.
func (w *work) chooses() bool {
	return w.TTL != nil || w.Fresh != nil || w.Tags != nil || w.Store != nil || w.Pass != nil
}

func (w *work) loaded() cache.Loaded[any] {
	if w.Pass != nil {
		return cache.DoNotStore(w.Value.any).PassFor(milliseconds(*w.Pass))
	}
	if w.Store != nil && !*w.Store {
		return cache.DoNotStore(w.Value.any)
	}
	var chosen cache.Options
	if w.TTL != nil {
		chosen = cache.TTL(milliseconds(*w.TTL))
	}
	if w.Fresh != nil {
		chosen = chosen.FreshFor(milliseconds(*w.Fresh))
	}
	if w.Tags != nil {
		chosen = chosen.Tags(w.Tags...)
	}
	return cache.Store(w.Value.any, chosen)
}

type options struct {
	TTL     *int64 `json:"ttl_ms"`
	Seconds value  `json:"ttl_s"`
	Fresh   *int64 `json:"fresh_ms"`
	MaxWait *int64 `json:"max_wait_ms"`
	Retry   *int64 `json:"retry_after_ms"`
	Stale   *bool  `json:"stale_if_error"`
	Strict  bool
	Tags    []string
}

func (o options) options() cache.Options {
	var made cache.Options
	switch seconds := o.Seconds.any.(type) {
	case int64:
		made = cache.TTLSeconds(float64(seconds))
	case float64:
		made = cache.TTLSeconds(seconds)
	}
	if o.TTL != nil {
		made = cache.TTL(milliseconds(*o.TTL))
	}
	if o.Fresh != nil {
		made = made.FreshFor(milliseconds(*o.Fresh))
	}
	if o.MaxWait != nil {
		made = made.MaxWait(milliseconds(*o.MaxWait))
	}
	if o.Retry != nil {
		made = made.RetryAfter(milliseconds(*o.Retry))
	}
	if o.Stale != nil {
		made = made.StaleIfError(*o.Stale)
	}
	if o.Strict {
		made = made.Strict()
	}
	return made.Tags(o.Tags...)
}

func milliseconds(count int64) time.Duration { return time.Duration(count) * time.Millisecond }

// value is a value for the cache.
type value struct{ any }

func (v *value) UnmarshalJSON(text []byte) error {
	var written any
	if err := readJSON(text, &written); err != nil {
		return err
	}
	made, err := toValue(written)
	v.any = made
	return err
}

// entry is a key and its value, which are written as a pair.
type entry struct {
	key   string
	value value
}

func (e *entry) UnmarshalJSON(text []byte) error {
	return json.Unmarshal(text, &[]any{&e.key, &e.value})
}

// readJSON reads numbers as they are written: a float64 does not hold all of them.
func readJSON(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return decoder.Decode(into)
}
