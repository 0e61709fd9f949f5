/// <reference path="./host.d.ts" />

/**
 * The contract itself: bytes instead of values, whole milliseconds instead of times. For
 * values with an encoding of their own, and for tests of a host.
 *
 * Only types are checked here, since a wrong one would end the component; the host
 * checks all else.
 */

import type * as Host from "spakky:cache/cache@0.1.0";
import host from "spakky:cache/cache@0.1.0";

import {
  ArgumentError,
  fromHost,
  type HostFailure,
  InvalidKeyError,
  InvalidTtlError,
} from "./errors.ts";
import { isWellFormed } from "./text.ts";

/** How long an entry lives, and what evicts it. */
export interface EntryOptions {
  /** Time to live in milliseconds; none keeps the entry. */
  ttl?: number | undefined;
  /** How long the entry is fresh, in milliseconds; none: as long as it lives. */
  freshFor?: number | undefined;
  /** Tags that evict the entry. */
  tags?: string[];
}

/** What a lookup knows before it looks. */
export interface LookupOptions {
  /** The tags that the entry will be stored with, as far as known. */
  tags?: string[];
  /**
   * How long to wait for another caller's load, in milliseconds; none: the host's limit,
   * which is also the longest.
   */
  maxWait?: number | undefined;
}

/** What a caller that is ready to load finds. */
export type Lookup =
  | { result: "hit"; value: Uint8Array; lease?: undefined }
  | { result: "stale"; value: Uint8Array; lease: Lease | undefined }
  | { result: "miss"; value?: undefined; lease: Lease };

/**
 * The right, and the duty, to fill one key. Dropping it unfilled gives it up at once, and
 * one waiting caller takes over; the garbage collector never drops one.
 */
export class Lease {
  #host: Host.Lease | undefined;

  /** @internal */
  constructor(lease: Host.Lease) {
    this.#host = lease;
  }

  /**
   * Stores the loaded value. False: something removed or replaced the key since the load
   * began, so the value was not stored.
   *
   * A lease is spent by its first commit, and further ones answer false. A commit refused
   * for its arguments spends nothing.
   */
  commit(value: Uint8Array, options: EntryOptions = {}): boolean {
    const lease = this.#host;
    if (lease === undefined) throw new ArgumentError("the lease was dropped");
    bytes(value);
    const entry = entryOptions(options);
    return call(() => lease.commit(value, entry));
  }

  /** Gives the lease up, if it has not been spent. Doing it again does nothing. */
  drop(): void {
    const lease = this.#host;
    this.#host = undefined;
    lease?.drop();
  }

  /** So that `using` drops it. */
  [Symbol.dispose](): void {
    this.drop();
  }
}

/** The value of `key`, or none. Never waits for a loader. */
export function get(key: string): Uint8Array | undefined {
  text(key, "a key");
  return call(() => host.get(key)) ?? undefined;
}

/** The values of `keys`, in their order, in one round trip. */
export function getMany(keys: readonly string[]): (Uint8Array | undefined)[] {
  const checked = texts(keys, "a key");
  return call(() => host.getMany(checked)).map((value) => value ?? undefined);
}

/** Stores an entry. A load of the same key that is under way can no longer be stored. */
export function set(key: string, value: Uint8Array, options: EntryOptions = {}): void {
  text(key, "a key");
  bytes(value);
  const entry = entryOptions(options);
  call(() => host.set(key, value, entry));
}

/**
 * Stores entries that share their options, in one round trip. All of them are checked
 * before any is written. Of a key named twice, the last stays.
 */
export function setMany(
  entries: readonly (readonly [string, Uint8Array])[],
  options: EntryOptions = {},
): void {
  if (!Array.isArray(entries)) throw new ArgumentError("the entries are no array of pairs");
  const checked = Array.from(entries, (pair: unknown): [string, Uint8Array] => {
    if (!Array.isArray(pair)) throw new ArgumentError("an entry is no pair of a key and a value");
    const [key, value] = pair;
    text(key, "a key");
    bytes(value);
    return [key, value];
  });
  const entry = entryOptions(options);
  call(() => host.setMany(checked, entry));
}

/** Removes an entry; says whether there was one. */
function remove(key: string): boolean {
  text(key, "a key");
  return call(() => host.delete(key));
}

export { remove as delete };

/** Removes entries, in one round trip; says how many there were. */
export function deleteMany(keys: readonly string[]): number {
  const checked = texts(keys, "a key");
  return call(() => host.deleteMany(checked));
}

/** Evicts every entry that has one of `tags`. */
export function evictTags(tags: readonly string[]): void {
  const checked = texts(tags, "a tag");
  call(() => host.evictTags(checked));
}

/** Evicts every entry of this cache. */
export function clear(): void {
  call(() => host.clear());
}

/**
 * Finds `key`, or makes this caller its one loader in the whole fleet, or waits until the
 * loader is done.
 */
export function lookup(key: string, options: LookupOptions = {}): Lookup {
  text(key, "a key");
  object(options);
  const tags = texts(options.tags ?? [], "a tag");
  const maxWait = milliseconds(options.maxWait);
  const found = call(() => host.lookup(key, { tags, maxWait }));
  switch (found.tag) {
    case "hit":
      return { result: "hit", value: found.val };
    case "stale": {
      const { value, refresh } = found.val;
      return { result: "stale", value, lease: refresh ? new Lease(refresh) : undefined };
    }
    case "miss":
      return { result: "miss", lease: new Lease(found.val) };
  }
}

/**
 * Removes `key` and takes its lease from whoever holds it: the first step of a write to
 * the origin. Readers miss, and wait, until it is committed or dropped.
 */
export function beginWrite(key: string, tags: readonly string[] = []): Lease {
  text(key, "a key");
  const checked = texts(tags, "a tag");
  return new Lease(call(() => host.beginWrite(key, checked)));
}

/** Calls the host, whose errors become this library's. */
function call<T>(ask: () => T): T {
  try {
    return ask();
  } catch (error) {
    const failure = (error as { payload?: HostFailure }).payload;
    throw failure === undefined ? error : fromHost(failure);
  }
}

function entryOptions(options: EntryOptions): Host.EntryOptions {
  object(options);
  const { tags = [] } = options;
  const [ttl, freshFor] = [milliseconds(options.ttl), milliseconds(options.freshFor)];
  // The host says no more than that one of its rules is broken.
  if (ttl === 0) throw new InvalidTtlError("`ttl` is zero");
  if (freshFor === 0) throw new InvalidTtlError("`freshFor` is zero");
  if (ttl !== undefined && freshFor !== undefined && freshFor > ttl) {
    throw new InvalidTtlError("`freshFor` is longer than `ttl`");
  }
  return { ttl, freshFor, tags: texts(tags, "a tag") };
}

function milliseconds(time: number | undefined): number | undefined {
  if (typeof time === "number" && time < 0) throw new ArgumentError("a time is negative");
  if (time !== undefined && !Number.isSafeInteger(time)) {
    throw new ArgumentError("a time is no whole number of milliseconds, up to 2^53 - 1");
  }
  return time;
}

function object(options: object): void {
  if (typeof options !== "object" || options === null) {
    throw new ArgumentError("the options are no object");
  }
}

function bytes(value: Uint8Array): void {
  if (!(value instanceof Uint8Array)) throw new ArgumentError("the bytes are no Uint8Array");
}

function text(value: string, what: string): void {
  if (typeof value !== "string") throw new ArgumentError(`${what} is no string`);
  if (!isWellFormed(value)) throw new InvalidKeyError(`${what} has half of a surrogate pair`);
}

function texts(values: readonly string[], what: string): string[] {
  if (!Array.isArray(values)) throw new ArgumentError(`${what} comes in an array of strings`);
  // A copy: what is checked here must be what the host is given.
  const copy = Array.from(values as readonly string[]);
  for (const value of copy) text(value, what);
  return copy;
}
