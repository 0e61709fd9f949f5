// Package fault is the errors of the library, which its packages share.
package fault

import (
	"fmt"
	"math"
	"time"
)

// Error is why an operation of the cache failed. A miss is an answer, never an error.
//
// Each kind has a sentinel, which [errors.Is] finds in every error of that kind:
// errors.Is(err, cache.ErrLockTimeout).
type Error struct {
	kind   string
	text   string
	reason string
	limit  uint64
	left   time.Duration
	cause  error
	// The kind as such, without what happened this time.
	sentinel bool
}

// Kind is the contract's name for this kind of failure, such as "lock-timeout": for
// logs and for other languages.
func (e *Error) Kind() string { return e.kind }

// Reason says more of an invalid key or time, a value that has no encoding, a key that
// cannot be made, a quota, or what a host does not offer; otherwise it is empty.
func (e *Error) Reason() string { return e.reason }

// Limit is the most that the host takes, in bytes, where a value is too large;
// otherwise 0.
func (e *Error) Limit() uint64 { return e.limit }

// RetryAfter is how much longer nobody is to load the key again, where its last load
// failed; otherwise 0.
func (e *Error) RetryAfter() time.Duration { return e.left }

// Error is the failure in words.
func (e *Error) Error() string {
	switch {
	case e.reason != "":
		return e.text + ": " + e.reason
	case e.limit != 0:
		return fmt.Sprintf("%s: the limit is %d bytes", e.text, e.limit)
	case e.left != 0:
		return fmt.Sprintf("%s: it may be loaded again in %v", e.text, e.left)
	}
	return e.text
}

// Is tells whether target is the sentinel of this error's kind.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && other.sentinel && other.kind == e.kind
}

// Unwrap is what caused the failure, such as a codec's own error, or nil.
func (e *Error) Unwrap() error { return e.cause }

// The sentinels, one of each kind.
var (
	Serialization   = sentinel("serialization", "serialization failed")
	KeyGeneration   = sentinel("key-generation", "a key cannot be made")
	InvalidTTL      = sentinel("invalid-ttl", "invalid time")
	InvalidKey      = sentinel("invalid-key", "invalid key")
	ValueTooLarge   = sentinel("value-too-large", "the value is too large")
	LockTimeout     = sentinel("lock-timeout", "another caller is still loading this key")
	LeaseHeld       = sentinel("lease-held", "this caller holds the lease of this key itself")
	LoadFailed      = sentinel("load-failed", "the last load of this key failed")
	Unavailable     = sentinel("unavailable", "the cache cannot be reached")
	OperationFailed = sentinel("operation-failed", "the cache's backend answered with a failure")
	Denied          = sentinel("denied", "this operation was not granted to the component, which may only read (run --read-only)")
	QuotaExceeded   = sentinel("quota-exceeded", "a quota of the component is used up")
	Unsupported     = sentinel("unsupported", "the host does not offer this")
)

func sentinel(kind, text string) *Error {
	return &Error{kind: kind, text: text, sentinel: true}
}

// Because is an error of a sentinel's kind that says why.
func Because(kind *Error, reason string) *Error {
	return &Error{kind: kind.kind, text: kind.text, reason: reason}
}

// From is an error of a sentinel's kind that another error caused.
func From(kind *Error, what string, cause error) *Error {
	return &Error{kind: kind.kind, text: kind.text, reason: what + ": " + cause.Error(), cause: cause}
}

// Over is an error of a sentinel's kind that knows the limit.
func Over(kind *Error, limit uint64) *Error {
	return &Error{kind: kind.kind, text: kind.text, limit: limit}
}

// Until is an error of a sentinel's kind that knows how many milliseconds are left.
func Until(kind *Error, milliseconds uint64) *Error {
	longest := uint64(math.MaxInt64 / time.Millisecond)
	left := time.Duration(min(milliseconds, longest)) * time.Millisecond
	return &Error{kind: kind.kind, text: kind.text, left: left}
}
