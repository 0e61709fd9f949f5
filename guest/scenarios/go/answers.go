package main

import (
	"bufio"
	"encoding/json"
	"errors"

	"spakky/cache"
)

// object is an object of an answer.
type object = map[string]any

// failure is an error that has no other home: what was told to fail, and a step that
// cannot be played.
type failure struct{ kind, message string }

func (f *failure) Error() string { return f.message }

func protocol(message string) error { return &failure{"protocol", message} }

// writeAnswer writes the line that a step is answered with.
func writeAnswer(output *bufio.Writer, result any, err error) error {
	answer := object{"ok": result}
	if err != nil {
		answer = object{"error": describe(err)}
	}
	encoder := json.NewEncoder(output)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(answer)
}

// describe is the object under error. Tests compare its kind, and its limit and after
// where there are some; the message is for people.
func describe(err error) object {
	if rollback, ok := errors.AsType[*cache.RollbackError](err); ok {
		described := describe(rollback.Cause)
		described["after"] = "failed writer"
		return described
	}
	if missing, ok := errors.AsType[*cache.NotCachedError](err); ok {
		described := describe(missing.Cause)
		described["after"] = "writer"
		return described
	}
	described := object{"kind": "protocol", "message": err.Error()}
	if told, ok := errors.AsType[*failure](err); ok {
		described["kind"] = told.kind
	} else if failed, ok := errors.AsType[*cache.Error](err); ok {
		described["kind"] = failed.Kind()
		if errors.Is(err, cache.ErrValueTooLarge) {
			described["limit"] = failed.Limit()
		}
	}
	return described
}
