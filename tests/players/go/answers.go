package main

import (
	"encoding/json"
	"errors"

	"spakky/cache"
)

// object is an object of an answer.
type object = map[string]any

// failure is an error that is not the cache's: what a step asked to fail, or a step that
// cannot be played.
type failure struct{ kind, message string }

func (f *failure) Error() string { return f.message }

func protocol(message string) error { return &failure{"protocol", message} }

// answer writes the line that answers a step.
func (p *player) answer(result any, err error) error {
	answer := object{"ok": result}
	if err != nil {
		answer = object{"error": describe(err)}
	}
	encoder := json.NewEncoder(p.output)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(answer); err != nil {
		return err
	}
	return p.output.Flush()
}

// describe returns the object under error.
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
		if errors.Is(err, cache.ErrLoadFailed) {
			described["left_ms"] = failed.RetryAfter().Milliseconds()
		}
	}
	return described
}
