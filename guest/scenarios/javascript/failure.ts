/** What a step is answered with in place of a result. */

import { CacheError, ValueTooLargeError } from "spakky-cache";

/** A failure that is none of the cache's: what was asked to fail did, or could not be played. */
export class Failure extends Error {
  constructor(
    readonly kind: "loader" | "writer" | "function" | "memory" | "protocol",
    message: string,
  ) {
    super(message);
  }
}

/** The step cannot be played as it is written. */
export function protocol(message: string): Failure {
  return new Failure("protocol", message);
}

/**
 * The object under `error`. Tests compare its `kind`, and its `limit` and `after` where
 * there are some; the message is for people. What is no failure of a step is not caught.
 */
export function toAnswer(error: unknown): object {
  if (error instanceof Failure) return { kind: error.kind, message: error.message };
  if (!(error instanceof CacheError)) throw error;
  const { kind, message, after } = error;
  const limit = error instanceof ValueTooLargeError ? error.limit : undefined;
  return { kind, message, limit, after };
}
