/**
 * The one algorithm of loading, as steps that wait for nothing themselves: it yields what is
 * to be called, and goes on with what that returned. `now` calls and goes on at once. A
 * driver that awaits in between can drive the same steps.
 */

import { checkValue, decode, encode } from "./codec.ts";
import { ArgumentError, SerializationError, ValueTooLargeError } from "./errors.ts";
import { Loaded, Unstored, VALUE } from "./loaded.ts";
import type { Checked, ReadOptions } from "./options.ts";
import type * as raw from "./raw.ts";
import { checkNow } from "./synchronous.ts";
import { warnOnce } from "./warn.ts";

/** What is to be called, one after the other; in the end, a result. */
export type Steps<R> = Generator<() => unknown, R, unknown>;

/** Drives steps whose calls all return at once. */
export function now<R>(steps: Steps<R>): R {
  let step = steps.next();
  while (!step.done) {
    let answer: unknown;
    try {
      answer = step.value();
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next(answer);
  }
  return step.value;
}

/** What a load comes to, and how. */
export interface Outcome<T> {
  readonly value: T;
  /**
   * - `"hit"`: a fresh entry.
   * - `"stale"`: an entry past its fresh time. Another caller refreshes it, or its refresh
   *   failed.
   * - `"loaded"`: what the loader returned.
   * - `"passed"`: the same, without a lease: nothing was to be stored.
   */
  readonly source: "hit" | "stale" | "loaded" | "passed";
  /** Whether this call stored the value. */
  readonly stored: boolean;
  /**
   * What failed, and did not keep the value from being returned: the loader, so that an entry
   * was served; storing what was loaded; or decoding the entry, so that the loader ran.
   */
  readonly error?: unknown;
  /** Of an entry: how long ago it was stored, in seconds. */
  readonly age?: number;
  /** Of an entry: what identifies it among all that its key ever held. */
  readonly version?: number;
}

/** What one load is about. */
export interface Plan extends Checked {
  readonly key: string;
  /** Looks a key up, as `raw.lookup` does. */
  readonly find: (key: string, options: raw.LookupOptions) => unknown;
  readonly loader: () => unknown;
}

/** For so many milliseconds, nobody waits for a value that cannot be stored. */
const PASS = 60_000;

/** Finds the entry, or loads the value and stores it. */
export function* load(plan: Plan): Steps<Outcome<unknown>> {
  const { key, find, read } = plan;
  let options = plan.lookup;
  for (;;) {
    const found = (yield () => find(key, options)) as raw.Lookup;
    if (found.lease !== undefined || found.result === "pass") return yield* fill(found, plan);
    const entry = decoded(found, read);
    if (!(entry instanceof SerializationError)) return entry;
    if (options.unless !== undefined) {
      // Others may need the entry as it is, and this caller needs no entry.
      warnOnce("undecodable", key, "has an entry that cannot be decoded", entry);
      const { [VALUE]: value } = loadedOf(yield plan.loader, plan);
      return { value, source: "passed", stored: false, error: entry };
    }
    options = { ...options, unless: found.version };
  }
}

/** Loads the value, and stores it under the lease, if there is one. */
function* fill(found: raw.Lookup, plan: Plan): Steps<Outcome<unknown>> {
  using lease = found.lease;
  let result: Loaded<unknown> | Unstored<unknown>;
  try {
    result = loadedOf(yield plan.loader, plan);
  } catch (error) {
    // A mistake in the program, and no failure of the origin.
    if (error instanceof ArgumentError) throw error;
    const { retryAfter } = plan;
    if (retryAfter !== undefined) yield* attempt(() => lease?.fail(retryAfter));
    const entry = insteadOf(found, plan);
    if (entry === undefined) throw error;
    warnOnce("refresh", plan.key, "could not be refreshed, and its entry is served", error);
    return { ...entry, error };
  }
  const value = result[VALUE];
  if (lease === undefined) return { value, source: "passed", stored: false };
  if (result instanceof Unstored) {
    const { passFor } = result;
    if (passFor !== undefined) yield () => lease.pass(passFor);
    return { value, source: "loaded", stored: false };
  }
  const entry = result.over(plan.entry);
  try {
    const { check, ...hook } = plan.write;
    const bytes = encode(value, hook);
    const stored = (yield () => lease.commit(bytes, entry)) as boolean;
    return { value, source: "loaded", stored };
  } catch (error) {
    if (!(error instanceof SerializationError || error instanceof ValueTooLargeError)) throw error;
    // Without this, those who wait would load one after the other.
    yield* attempt(() => lease.pass(PASS));
    warnOnce(error.kind, plan.key, "was loaded, and cannot be stored", error);
    return { value, source: "loaded", stored: false, error };
  }
}

/** What the loader returned, if it is of the wanted type. */
function loadedOf(returned: unknown, { write: { check } }: Plan) {
  const chosen = returned instanceof Loaded || returned instanceof Unstored;
  const result = chosen ? returned : new Loaded(returned, {});
  checkValue(checkNow(result[VALUE], "loader"), check);
  return result;
}

/** The entry that is served in place of a value that could not be loaded, if there is one. */
function insteadOf(found: raw.Lookup, { read, staleIfError }: Plan) {
  if (found.result !== "stale" || !(staleIfError || found.fresh)) return undefined;
  const entry = decoded(found, read);
  return entry instanceof SerializationError ? undefined : entry;
}

function decoded(
  found: Extract<raw.Lookup, raw.Found>,
  read: ReadOptions,
): Outcome<unknown> | SerializationError {
  const fresh = found.result === "hit" || found.fresh;
  const { version, age } = found;
  try {
    const value = decode(found.value, read);
    return { value, source: fresh ? "hit" : "stale", stored: false, age: age / 1000, version };
  } catch (error) {
    if (error instanceof SerializationError) return error;
    throw error;
  }
}

/** What came before decides the outcome, whether this succeeds or not. */
function* attempt(call: () => unknown): Steps<void> {
  try {
    yield call;
  } catch {}
}
