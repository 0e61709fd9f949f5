/// <reference path="./host.d.ts" />

import type { HostError } from "spakky:cache/types@0.2.0";

/** What a failure is called in every language: the contract's names. */
export type Kind =
  | "serialization"
  | "key-generation"
  | "invalid-ttl"
  | "invalid-key"
  | "value-too-large"
  | "lock-timeout"
  | "lease-held"
  | "load-failed"
  | "unavailable"
  | "operation-failed"
  | "denied"
  | "quota-exceeded"
  | "unsupported";

/**
 * Why an operation of the cache failed; there is a class for each `kind`. A miss is an
 * answer, never an error.
 */
export abstract class CacheError extends Error {
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

  override get name(): string {
    return this.constructor.name;
  }
}

/** The value has no CBOR, or what is stored is not what was expected. Nothing was stored. */
export class SerializationError extends CacheError {
  readonly kind = "serialization";
}

/** A template is wrong, or a value cannot be put into one. */
export class KeyGenerationError extends CacheError {
  readonly kind = "key-generation";
}

/**
 * A time to live or a fresh time is zero, less, no number, shorter than a millisecond,
 * longer than the host allows, or the entry would be fresh for longer than it lives; the
 * message says which.
 */
export class InvalidTtlError extends CacheError {
  readonly kind = "invalid-ttl";

  constructor(readonly reason: string) {
    super(`invalid time to live: ${reason}`);
  }
}

/**
 * A key, a tag, or their number is outside the limits; `reason` says which, and the
 * limit. Nothing was read or written.
 */
export class InvalidKeyError extends CacheError {
  readonly kind = "invalid-key";

  constructor(readonly reason: string) {
    super(`invalid key: ${reason}`);
  }
}

/** The value is too large. */
export class ValueTooLargeError extends CacheError {
  readonly kind = "value-too-large";

  /** @param limit - The most that the host takes, in bytes. */
  constructor(readonly limit: number) {
    super(`the value is too large: the limit is ${limit} bytes`);
  }
}

/** Another caller held the key's lease for longer than the wait allowed. */
export class LockTimeoutError extends CacheError {
  readonly kind = "lock-timeout";

  constructor() {
    super("another caller is still loading this key");
  }
}

/** This component holds the key's lease itself: waiting would never end. */
export class LeaseHeldError extends CacheError {
  readonly kind = "lease-held";

  constructor() {
    super("this component holds the lease of this key itself");
  }
}

/**
 * The last load of the key failed, and asked that nobody tries again for a while: the option
 * `retryAfter`.
 */
export class LoadFailedError extends CacheError {
  readonly kind = "load-failed";

  /** @param retryAfter - How much longer nobody tries again, in seconds. */
  constructor(readonly retryAfter: number) {
    super(`the last load of this key failed, and is not repeated for ${retryAfter} s`);
  }
}

/** The backend cannot be reached, or did not answer in time. */
export class UnavailableError extends CacheError {
  readonly kind = "unavailable";

  constructor() {
    super("the cache cannot be reached");
  }
}

/** The backend answered, and the answer was a failure. The host's log has more. */
export class OperationFailedError extends CacheError {
  readonly kind = "operation-failed";

  constructor() {
    super("the cache's backend answered with a failure");
  }
}

/** The component was not granted this operation: it may only read (`run --read-only`). */
export class DeniedError extends CacheError {
  readonly kind = "denied";

  constructor() {
    super("the component may only read (its host's --read-only)");
  }
}

/** The component has used up something that it was granted a limit of; `reason` says which. */
export class QuotaExceededError extends CacheError {
  readonly kind = "quota-exceeded";

  constructor(readonly reason: string) {
    super(`quota exceeded: ${reason}`);
  }
}

/** The host does not offer what was asked for; `reason` says what. */
export class UnsupportedError extends CacheError {
  readonly kind = "unsupported";

  constructor(readonly reason: string) {
    super(`not supported by the host: ${reason}`);
  }
}

/**
 * An argument is not of the type that the function takes, as a type checker would have
 * said: a mistake in the program, and no failure of the cache. Nothing was done.
 */
export class ArgumentError extends TypeError {
  override get name(): string {
    return "ArgumentError";
  }
}

/**
 * The error for what the host said.
 *
 * @internal
 */
export function fromHost(failure: HostError): CacheError {
  switch (failure.tag) {
    case "invalid-key":
      return new InvalidKeyError(failure.val);
    case "value-too-large":
      return new ValueTooLargeError(failure.val);
    case "invalid-ttl":
      return new InvalidTtlError(failure.val);
    case "lock-timeout":
      return new LockTimeoutError();
    case "lease-held":
      return new LeaseHeldError();
    case "load-failed":
      return new LoadFailedError(failure.val / 1000);
    case "unavailable":
      return new UnavailableError();
    case "operation-failed":
      return new OperationFailedError();
    case "denied":
      return new DeniedError();
    case "quota-exceeded":
      return new QuotaExceededError(failure.val);
    case "unsupported":
      return new UnsupportedError(failure.val);
  }
}
