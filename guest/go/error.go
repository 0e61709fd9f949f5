package cache

import "spakky/cache/internal/fault"

// Error is why an operation of the cache failed. Its kind is one of those below:
// errors.Is(err, cache.ErrLockTimeout) tells, as does Kind with the contract's name,
// "lock-timeout". Reason, Limit and RetryAfter say more of some.
type Error = fault.Error

// Every kind of failure.
var (
	// ErrSerialization: the value cannot be encoded, or what is stored is not one of
	// this type. Nothing was stored.
	ErrSerialization = fault.Serialization
	// ErrKeyGeneration: a template, or a value for it, makes no key.
	ErrKeyGeneration = fault.KeyGeneration
	// ErrInvalidTTL: a time is zero, negative, shorter than a millisecond or longer
	// than the host allows, or an entry would be fresh for longer than it lives.
	ErrInvalidTTL = fault.InvalidTTL
	// ErrInvalidKey: a key, a tag, or their number is outside the limits; Reason says
	// which, and the limit. Nothing was read or written.
	ErrInvalidKey = fault.InvalidKey
	// ErrValueTooLarge: the value is larger than Limit.
	ErrValueTooLarge = fault.ValueTooLarge
	// ErrLockTimeout: another caller held the key's lease for longer than the wait
	// allowed.
	ErrLockTimeout = fault.LockTimeout
	// ErrLeaseHeld: this caller holds the key's lease itself: waiting would never end.
	ErrLeaseHeld = fault.LeaseHeld
	// ErrLoadFailed: the last load of the key failed, and nobody is to try again for as
	// long as RetryAfter says.
	ErrLoadFailed = fault.LoadFailed
	// ErrUnavailable: the backend cannot be reached, or did not answer in time.
	ErrUnavailable = fault.Unavailable
	// ErrOperationFailed: the backend answered with a failure. The host's log has more.
	ErrOperationFailed = fault.OperationFailed
	// ErrDenied: the component was not granted this operation.
	ErrDenied = fault.Denied
	// ErrQuotaExceeded: the component has used up something that it was granted a
	// limit of; Reason says which, and the limit.
	ErrQuotaExceeded = fault.QuotaExceeded
	// ErrUnsupported: this host does not offer what was asked for; Reason says what.
	ErrUnsupported = fault.Unsupported
)

// NotCachedError is what [WriteThrough] answers where the writer succeeded, and then
// the cache failed: the origin has the value, and readers load it from there.
type NotCachedError struct {
	// Cause is the cache's error.
	Cause error
}

// Error says so.
func (e *NotCachedError) Error() string { return "written, but not cached: " + e.Cause.Error() }

// Unwrap is the cache's error.
func (e *NotCachedError) Unwrap() error { return e.Cause }

// RollbackError is what [WriteBehind] answers where the writer failed, and then the
// entry could not be removed: readers may still see what was never written.
type RollbackError struct {
	// Writer is the writer's error.
	Writer error
	// Cause is why the entry could not be removed.
	Cause error
}

// Error names both.
func (e *RollbackError) Error() string {
	return e.Writer.Error() + "; and the entry could not be removed: " + e.Cause.Error()
}

// Unwrap is both.
func (e *RollbackError) Unwrap() []error { return []error{e.Writer, e.Cause} }
