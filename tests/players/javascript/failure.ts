/** What answers a step in place of a result. */

import { CacheError, LoadFailedError, ValueTooLargeError } from "spakky-cache";

/** A failure that is not the cache's. */
export class Failure extends Error {
  constructor(
    readonly kind: "loader" | "writer" | "function" | "protocol",
    message: string,
  ) {
    super(message);
  }
}

/** The object under `error`. Any other error ends the program. */
export function toAnswer(error: unknown): object {
  if (error instanceof Failure) return { kind: error.kind, message: error.message };
  if (!(error instanceof CacheError)) throw error;
  const { kind, message, after } = error;
  const limit = error instanceof ValueTooLargeError ? error.limit : undefined;
  const left_ms = error instanceof LoadFailedError ? error.retryAfter * 1000 : undefined;
  return { kind, message, limit, after, left_ms };
}
