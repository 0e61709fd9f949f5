package main

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"spakky/cache"
)

// There is no host here: what reaches it is unavailable.

// answers plays a script; each answer is its result as JSON, or the kind of its error.
func answers(t *testing.T, script string) []string {
	t.Helper()
	var output strings.Builder
	if err := newPlayer(strings.NewReader(script), &output).playInput(); err != nil {
		t.Fatal(err)
	}
	var all []string
	for line := range strings.Lines(output.String()) {
		var answer struct {
			OK    json.RawMessage
			Error *struct{ Kind string }
		}
		if err := json.Unmarshal([]byte(line), &answer); err != nil {
			t.Fatal(line, err)
		}
		if answer.Error != nil {
			all = append(all, answer.Error.Kind)
		} else {
			all = append(all, string(answer.OK))
		}
	}
	return all
}

func TestAStepIsReadStrictly(t *testing.T) {
	for _, wrong := range []string{
		`nonsense`, `null`, `[]`, `{}`, `{"op": "gett", "key": "k"}`, `{"op": "get"}`, `{"op": "get", "key": "k", "kye": "k"}`,
		`{"op": "get", "Key": "k"}`, `{"op": "get", "key": null}`, `{"op": "get", "key": 1}`, `{"op": "clear", "tags": []}`,
		`{"op": "get", "key": "\ud800"}`, `{"op": "get", "key": "\udc00\ud800"}`, "{\"op\": \"get\", \"key\": \"\xff\"}",
		`{"op": "set", "key": "k", "value": 1, "options": {"ttl": 5}}`,
		`{"op": "set", "key": "k", "value": 1, "options": {"ttl_ms": -1}}`,
		`{"op": "set", "key": "k", "value": 1, "options": {"ttl_ms": 1.5}}`,
		`{"op": "set", "key": "k", "value": 1, "options": {"ttl_ms": 1, "ttl_s": 1}}`,
		`{"op": "set", "key": "k", "value": 1, "options": null}`,
		`{"op": "set", "key": "k"}`, `{"op": "set_many", "entries": [["k"]]}`,
		`{"op": "get_or_load", "key": "k", "loader": {"then": [{"op": "fly"}]}}`,
		`{"op": "raw_set", "key": "k"}`, `{"op": "raw_set", "key": "k", "hex": "0"}`,
		`{"op": "raw_set", "key": "k", "hex": "00", "bytes": 1}`, `{"op": "raw_set", "key": "k", "value": null, "bytes": 1}`,
		`{"op": "health", "endpoint": "wealth"}`, `{"op": "cache_evict", "by": "id"}`, `{"op": "abandon", "key": "k", "how": "no"}`,
		`{"op": "resume"}`, `{"op": "drop", "lease": "l"}`, `{"op": "leak", "lease": "l"}`, `{"op": "commit", "lease": "l", "value": 1}`,
		`{"op": "set", "key": "k", "value": ` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`,
	} {
		if got := answers(t, wrong); !reflect.DeepEqual(got, []string{"protocol"}) {
			t.Errorf("%s: %q", wrong, got)
		}
	}
}

func TestWhatIsAStepIsPlayed(t *testing.T) {
	script := `{"op": "get", "key": "k \ud83e\udd80 \\ud800 \"[{"}

		{"op": "set", "key": "k", "value": {"$unencodable": true}}
		{"op": "set", "key": "k", "value": 1, "options": {"ttl_s": {"$float": "NaN"}}}
		{"op": "set", "key": "k", "value": 1, "options": {"ttl_ms": 18446744073709551615, "fresh_ms": null}}
		{"op": "get_or_load", "key": "k", "options": {"ttl_ms": 0}, "loader": {}}
		{"op": "pause"}
		{"op": "sleep", "ms": 1}
		{"op": "resume"}
		{"op": "misuse"}
		{"op": "hits", "key": "k", "times": 0}
		{"op": "cacheable", "id": "7"}
		{"op": "commit", "lease": "l", "value": null}`
	want := []string{
		"unavailable", "serialization", "invalid-ttl", "unavailable", "invalid-ttl",
		"null", "null", "null", "[]", "0", "unavailable", "protocol",
	}
	if got := answers(t, script); !reflect.DeepEqual(got, want) {
		t.Errorf("%q, not %q", got, want)
	}
}

func TestAValueComesBackAsItWasWritten(t *testing.T) {
	for _, text := range []string{
		`null`, `true`, `0`, `-7`, `9007199254740991`, `{"$int":"9007199254740992"}`, `{"$int":"18446744073709551615"}`,
		`{"$int":"-18446744073709551616"}`, `1.5`, `{"$float":"1"}`, `{"$float":"-0"}`, `{"$float":"NaN"}`,
		`{"$float":"Infinity"}`, `{"$float":"-Infinity"}`, `{"$float":"1e+300"}`, `"text, 🦀 and \u0000"`, `{"$hex":"00ff"}`,
		`[[],{},[null]]`, `{"a":{"b":[1,{"$hex":""}]}}`, `{"$map":[[1,"one"],[{"$hex":"02"},"two"]]}`, `{"$map":[["$key",1]]}`,
	} {
		value, err := asValue(json.RawMessage(text))
		if err != nil {
			t.Fatal(text, err)
		}
		data, err := cache.Encode(value)
		if err != nil {
			t.Fatal(text, err)
		}
		back, err := decode(data)
		if got := written(back); err != nil || got != text {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
}

func TestAWholeNumberIsAnIntegerHoweverItIsWritten(t *testing.T) {
	for text, want := range map[string]any{
		"1.0": int64(1), "1e3": int64(1000), "-0": int64(0), "-0.0": int64(0), "1e300": 1e300, "0.5": 0.5,
		"18446744073709551615": uint64(18446744073709551615),
	} {
		if value, err := asValue(json.RawMessage(text)); err != nil || value != want {
			t.Errorf("%s: %v, %v", text, value, err)
		}
	}
}

func TestWhatIsNoValueIsRefused(t *testing.T) {
	for _, wrong := range []string{
		`{"$hex": "0"}`, `{"$hex": "0g"}`, `{"$float": 1}`, `{"$float": "one"}`, `{"$int": "18446744073709551616"}`,
		`{"$int": "-18446744073709551617"}`, `{"$int": 1}`, `{"$map": [[1]]}`, `{"$map": [[[], 1]]}`, `{"$other": 1}`,
		`{"$hex": "00", "more": 1}`, `1e400`,
	} {
		if value, err := asValue(json.RawMessage(wrong)); err == nil {
			t.Errorf("%s: %v", wrong, value)
		}
	}
}
