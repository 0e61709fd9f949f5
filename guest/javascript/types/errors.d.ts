/** What a failure is called in every language: the contract's names. */
export type Kind = "serialization" | "key-generation" | "invalid-ttl" | "invalid-key" | "value-too-large" | "lock-timeout" | "lease-held" | "load-failed" | "unavailable" | "operation-failed" | "denied" | "quota-exceeded" | "unsupported";
/**
 * Why an operation of the cache failed; there is a class for each `kind`. A miss is an
 * answer, never an error.
 */
export declare abstract class CacheError extends Error {
    /** The contract's name of it, such as `lock-timeout`: for logs and for other languages. */
    abstract readonly kind: Kind;
    /**
     * What had already happened, where that matters:
     *
     * - `"writer"`: the writer had succeeded, and must not run twice; then the value could
     *   not be cached. Readers load what the writer wrote.
     * - `"failed writer"`: the writer of a write-behind had failed (its error is `cause`);
     *   then the entry could not be removed, so readers may still see a value that was
     *   never written.
     */
    after?: "writer" | "failed writer";
    get name(): string;
}
/** The value has no CBOR, or what is stored is not what was expected. Nothing was stored. */
export declare class SerializationError extends CacheError {
    readonly kind = "serialization";
}
/** A template is wrong, or a value cannot be put into one. */
export declare class KeyGenerationError extends CacheError {
    readonly kind = "key-generation";
}
/**
 * A time to live or a fresh time is zero, less, no number, shorter than a millisecond,
 * longer than the host allows, or the entry would be fresh for longer than it lives; the
 * message says which.
 */
export declare class InvalidTtlError extends CacheError {
    readonly reason: string;
    readonly kind = "invalid-ttl";
    constructor(reason: string);
}
/**
 * A key, a tag, or their number is outside the limits; `reason` says which, and the
 * limit. Nothing was read or written.
 */
export declare class InvalidKeyError extends CacheError {
    readonly reason: string;
    readonly kind = "invalid-key";
    constructor(reason: string);
}
/** The value is too large. */
export declare class ValueTooLargeError extends CacheError {
    readonly limit: number;
    readonly kind = "value-too-large";
    /** @param limit - The most that the host takes, in bytes. */
    constructor(limit: number);
}
/** Another caller held the key's lease for longer than the wait allowed. */
export declare class LockTimeoutError extends CacheError {
    readonly kind = "lock-timeout";
    constructor();
}
/** This component holds the key's lease itself: waiting would never end. */
export declare class LeaseHeldError extends CacheError {
    readonly kind = "lease-held";
    constructor();
}
/**
 * The last load of the key failed, and asked that nobody tries again for a while: the option
 * `retryAfter`.
 */
export declare class LoadFailedError extends CacheError {
    readonly retryAfter: number;
    readonly kind = "load-failed";
    /** @param retryAfter - How much longer nobody tries again, in seconds. */
    constructor(retryAfter: number);
}
/** The backend cannot be reached, or did not answer in time. */
export declare class UnavailableError extends CacheError {
    readonly kind = "unavailable";
    constructor();
}
/** The backend answered, and the answer was a failure. The host's log has more. */
export declare class OperationFailedError extends CacheError {
    readonly kind = "operation-failed";
    constructor();
}
/** The component was not granted this operation: it may only read (`run --read-only`). */
export declare class DeniedError extends CacheError {
    readonly kind = "denied";
    constructor();
}
/** The component has used up something that it was granted a limit of; `reason` says which. */
export declare class QuotaExceededError extends CacheError {
    readonly reason: string;
    readonly kind = "quota-exceeded";
    constructor(reason: string);
}
/** The host does not offer what was asked for; `reason` says what. */
export declare class UnsupportedError extends CacheError {
    readonly reason: string;
    readonly kind = "unsupported";
    constructor(reason: string);
}
/**
 * An argument is not of the type that the function takes, as a type checker would have
 * said: a mistake in the program, and no failure of the cache. Nothing was done.
 */
export declare class ArgumentError extends TypeError {
    get name(): string;
}
