import { decode, encode } from "./codec.ts";
import { ArgumentError, CacheError } from "./errors.ts";
import { load, now, type Outcome, type Steps } from "./load.ts";
import type { Loadable } from "./loaded.ts";
import {
  checkBoth,
  checkOptions,
  checkReadOptions,
  type Encoded,
  type Options,
  type ReadOptions,
} from "./options.ts";
import * as raw from "./raw.ts";
import type { Storable } from "./storable.ts";
import { checkFunction, checkNow } from "./synchronous.ts";

/** The value of `key`; `undefined` if there is none. Never waits for a loader. */
export function get<T = unknown>(key: string, options?: ReadOptions<T>): T | undefined {
  const read = checkReadOptions(options as ReadOptions);
  const bytes = raw.get(key);
  return bytes && (decode(bytes, read) as T);
}

/**
 * The values of `keys`, in their order, in one round trip. The error of the first that
 * cannot be read is thrown; `raw.getMany` answers for each.
 */
export function getMany<T = unknown>(
  keys: readonly string[],
  options?: ReadOptions<T>,
): (T | undefined)[] {
  const read = checkReadOptions(options as ReadOptions);
  return each(raw.getMany(keys)).map((bytes) => bytes && (decode(bytes, read) as T));
}

/** Stores an entry. A load of the same key that is under way can no longer be stored. */
export function set<T>(key: string, value: T, options: Options<T> & Encoded<T>): void;
export function set<T>(key: string, value: T & Storable<T>, options?: Options<T>): void;
export function set<T>(key: string, value: T, options?: Options<T>): void {
  const { entry, write } = checkOptions(options as Options);
  raw.set(key, encode(value, write), entry);
}

/**
 * Stores entries, pairs of a key and a value, that share their options, in one round
 * trip. All of them are checked before any is written. Of a key named twice, the last
 * stays. The error of the first that cannot be stored is thrown.
 */
export function setMany<T>(
  entries: Iterable<readonly [string, T]>,
  options: Options<T> & Encoded<T>,
): void;
export function setMany<T>(
  entries: Iterable<readonly [string, T & Storable<T>]>,
  options?: Options<T>,
): void;
export function setMany<T>(entries: Iterable<readonly [string, T]>, options?: Options<T>): void {
  const { entry, write } = checkOptions(options as Options);
  if (typeof entries?.[Symbol.iterator] !== "function") {
    throw new ArgumentError("the entries are no pairs of a key and a value");
  }
  const encoded = Array.from(entries, (pair): [string, Uint8Array] => {
    if (!Array.isArray(pair) || pair.length !== 2) {
      throw new ArgumentError("an entry is no pair of a key and a value");
    }
    return [pair[0], encode(pair[1], write)];
  });
  each(raw.setMany(encoded, entry));
}

/**
 * Removes entries, in one round trip; says how many there were. The error of the first that
 * cannot be removed is thrown.
 */
export function deleteMany(keys: readonly string[]): number {
  return each(raw.deleteMany(keys)).filter(Boolean).length;
}

/** What is known of an entry without its value. Times are in seconds. */
export interface EntryInfo {
  /** Identifies the entry among all that its key ever held. */
  readonly version: number;
  /** How long ago it was stored. */
  readonly age: number;
  /** How much longer it is fresh; zero: it is stale; `undefined`: for as long as it lives. */
  readonly freshFor: number | undefined;
  /** How much longer it lives; `undefined`: until something removes it. */
  readonly ttl: number | undefined;
  /** The tags that evict it. */
  readonly tags: readonly string[];
  /** The bytes of its value. */
  readonly size: number;
  /** How long its load took; zero if it was stored without one. */
  readonly loadTime: number;
}

/** Describes the entry of `key`; `undefined` if there is none. Not counted as a read. */
export function describe(key: string): EntryInfo | undefined {
  const info = raw.describe(key);
  if (info === undefined) return undefined;
  const { version, age, freshFor, ttl, tags, size, loadTime } = info;
  return {
    version,
    age: age / 1000,
    freshFor: freshFor === undefined ? undefined : freshFor / 1000,
    ttl: ttl === undefined ? undefined : ttl / 1000,
    tags,
    size,
    loadTime: loadTime / 1000,
  };
}

/** The answers of a batch, none of which is an error. */
function each<T>(answers: (T | CacheError)[]): T[] {
  return answers.map((answer) => {
    if (answer instanceof CacheError) throw answer;
    return answer;
  });
}

/**
 * The value of `key`; if there is none, or it is due to be refreshed, what `loader`
 * returns, which is then stored. While the loader runs, no other caller in the whole
 * fleet loads this key: the others wait for its value, or go on reading the stale one.
 *
 * The loader is synchronous: it returns its value, and no promise of one; or `loaded(value,
 * options)` or `doNotStore(value)`, which say how it is stored.
 *
 * What the loader throws comes back unchanged, unless there is a stale entry to serve;
 * nothing is stored then, and the next caller loads. A value that was loaded while its key
 * was deleted, set or evicted is returned but not stored. So is one that cannot be stored:
 * that is said on the console, once, and then all callers load for a minute, without waiting
 * for each other. An entry that cannot be decoded is loaded anew.
 *
 * ```js
 * const answer = getOrLoad("answer", { ttl: 300, tags: ["answers"] }, () => compute());
 * ```
 */
export function getOrLoad<T>(
  key: string,
  options: Options<T> & Encoded<T>,
  loader: () => Loadable<T>,
): T;
export function getOrLoad<T>(
  key: string,
  options: Options<T>,
  loader: (() => Loadable<T>) & Storable<T>,
): T;
export function getOrLoad<T>(key: string, options: Options<T>, loader: () => unknown): T {
  return now(loading(key, options as Options, loader)).value as T;
}

/** As `getOrLoad`, and says how the value came to be. */
export function getOrLoadOutcome<T>(
  key: string,
  options: Options<T> & Encoded<T>,
  loader: () => Loadable<T>,
): Outcome<T>;
export function getOrLoadOutcome<T>(
  key: string,
  options: Options<T>,
  loader: (() => Loadable<T>) & Storable<T>,
): Outcome<T>;
export function getOrLoadOutcome<T>(
  key: string,
  options: Options<T>,
  loader: () => unknown,
): Outcome<T> {
  return now(loading(key, options as Options, loader)) as Outcome<T>;
}

function loading(key: string, options: Options, loader: () => unknown): Steps<Outcome<unknown>> {
  const checked = checkBoth(options);
  checkFunction(loader, "loader");
  return load({ ...checked, key, find: raw.lookup, loader });
}

/**
 * Writes a value to its origin and to the cache: `writer` stores it in the origin, and
 * while it does, readers of `key` miss and wait. If it succeeds, the value is cached
 * (unless another write overtook this one), and its result comes back. If it throws, that
 * comes back unchanged, and the key is a miss.
 *
 * A `CacheError` whose `after` is `"writer"`: written, but not cached.
 */
export function writeThrough<T, R>(
  key: string,
  value: T,
  options: Options<T> & Encoded<T>,
  writer: (value: T) => R,
): R;
export function writeThrough<T, R>(
  key: string,
  value: T & Storable<T>,
  options: Options<T>,
  writer: (value: T) => R,
): R;
export function writeThrough<T, R>(
  key: string,
  value: T,
  options: Options<T>,
  writer: (value: T) => R,
): R {
  const { entry, write } = checkOptions(options as Options);
  checkFunction(writer, "writer");
  // Before anything changes: a value that cannot be cached is not written.
  const bytes = encode(value, write);
  using lease = raw.beginWrite(key, entry.tags);
  const result = checkNow(writer(value), "writer");
  try {
    lease.commit(bytes, entry);
  } catch (error) {
    throw happenedAfter("writer", error, "written, but not cached");
  }
  return result;
}

/**
 * Caches a value, then writes it to its origin: readers see it before `writer` has stored
 * it. If the writer throws, the entry is removed and that comes back unchanged.
 *
 * A writer that traps takes the component with it, and the entry stays until its time to
 * live ends. `writeThrough` has no such gap.
 *
 * A `CacheError` whose `after` is `"failed writer"`: the writer failed with its `cause`,
 * and the entry could not be removed.
 */
export function writeBehind<T, R>(
  key: string,
  value: T,
  options: Options<T> & Encoded<T>,
  writer: (value: T) => R,
): R;
export function writeBehind<T, R>(
  key: string,
  value: T & Storable<T>,
  options: Options<T>,
  writer: (value: T) => R,
): R;
export function writeBehind<T, R>(
  key: string,
  value: T,
  options: Options<T>,
  writer: (value: T) => R,
): R {
  const { entry, write } = checkOptions(options as Options);
  checkFunction(writer, "writer");
  raw.set(key, encode(value, write), entry);
  try {
    return checkNow(writer(value), "writer");
  } catch (error) {
    try {
      raw.delete(key);
    } catch (rollback) {
      const message = `${error}; and the entry could not be removed`;
      throw happenedAfter("failed writer", rollback, message, error);
    }
    throw error;
  }
}

function happenedAfter(
  what: "writer" | "failed writer",
  error: unknown,
  message: string,
  cause?: unknown,
): unknown {
  if (error instanceof CacheError) {
    error.after = what;
    error.message = `${message}: ${error.message}`;
    if (cause !== undefined) error.cause = cause;
  }
  return error;
}
