/// <reference path="./host.d.ts" />

/**
 * The contract itself: bytes instead of values, whole milliseconds instead of times. For
 * values with an encoding of their own, and for tests of a host.
 *
 * Only types are checked here, since a wrong one would end the component; the host
 * checks all else.
 */

import type * as Host from "spakky:cache/cache@0.2.0";
import host from "spakky:cache/cache@0.2.0";

import type { HostError } from "spakky:cache/types@0.2.0";

import {
  ArgumentError,
  type CacheError,
  fromHost,
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
  /**
   * An entry of this version will not do: one caller is elected to refresh it, and others
   * with the same version here wait for that.
   */
  unless?: number | undefined;
  /** Whether the backend has to be asked, even where the host may answer from its copies. */
  strict?: boolean | undefined;
}

/** An entry that a lookup found. */
export interface Found {
  /** The value as it was stored. */
  value: Uint8Array;
  /** Identifies the entry among all that its key ever held. */
  version: number;
  /** How long ago it was stored, in milliseconds. */
  age: number;
}

/** What a caller that is ready to load finds. */
export type Lookup =
  | (Found & { result: "hit"; lease?: undefined })
  /** `fresh`: it is fresh nevertheless, and a hit if its refresh fails. */
  | (Found & { result: "stale"; fresh: boolean; lease: Lease | undefined })
  | { result: "miss"; value?: undefined; lease: Lease }
  /** This caller loads for itself, without a lease. */
  | { result: "pass"; value?: undefined; lease?: undefined };

/** What is known of an entry without its value. Times are in milliseconds. */
export interface EntryInfo {
  /** Identifies the entry among all that its key ever held. */
  version: number;
  /** How long ago it was stored. */
  age: number;
  /** How much longer it is fresh; zero: it is stale; none: for as long as it lives. */
  freshFor: number | undefined;
  /** How much longer it lives; none: until something removes it. */
  ttl: number | undefined;
  /** The tags that evict it. */
  tags: string[];
  /** The bytes of its value. */
  size: number;
  /** How long its load took; zero if it was stored without one. */
  loadTime: number;
}

/**
 * The right, and the duty, to fill one key. Dropping it unfilled gives it up at once, and
 * one waiting caller takes over; the garbage collector never drops one.
 *
 * A lease is spent by the first of its functions that takes effect, and further ones answer
 * false. One refused for its arguments spends nothing.
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
   */
  commit(value: Uint8Array, options: EntryOptions = {}): boolean {
    bytes(value);
    const entry = entryOptions(options);
    return this.#ask((lease) => lease.commit(value, entry));
  }

  /**
   * Stores nothing, and for so many milliseconds lookups of the key answer `pass`, and
   * nobody waits for another's load. An entry that was being refreshed is removed. False:
   * something removed or replaced the key since the load began.
   */
  pass(duration: number): boolean {
    return this.#ask((lease) => lease.pass(milliseconds(duration)));
  }

  /**
   * The load failed, and nobody should try again for so many milliseconds: lookups answer
   * `load-failed`, or the entry that was being refreshed. False: something removed or
   * replaced the key since the load began.
   */
  fail(retryAfter: number): boolean {
    return this.#ask((lease) => lease.fail(milliseconds(retryAfter)));
  }

  /** Gives the lease up, as `drop` does, and returns once that is done. */
  release(): void {
    this.#ask((lease) => lease.release());
  }

  /** Gives the lease up, if it has not been spent. Doing it again does nothing. */
  drop(): void {
    const lease = this.#host;
    this.#host = undefined;
    lease?.drop();
  }

  #ask<T>(question: (lease: Host.Lease) => T): T {
    const lease = this.#host;
    if (lease === undefined) throw new ArgumentError("the lease was dropped");
    return call(() => question(lease));
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

/**
 * The values of `keys`, in their order, in one round trip; in the place of one that could
 * not be read, why.
 */
export function getMany(keys: readonly string[]): (Uint8Array | undefined | CacheError)[] {
  const checked = texts(keys, "a key");
  return call(() => host.getMany(checked)).map((each) => answerOf(each) ?? undefined);
}

/** Stores an entry. A load of the same key that is under way can no longer be stored. */
export function set(key: string, value: Uint8Array, options: EntryOptions = {}): void {
  text(key, "a key");
  bytes(value);
  const entry = entryOptions(options);
  call(() => host.set(key, value, entry));
}

/**
 * Stores entries that share their options, in one round trip; says of each that could not
 * be stored why. All of them are checked before any is written. Of a key named twice, the
 * last stays.
 */
export function setMany(
  entries: readonly (readonly [string, Uint8Array])[],
  options: EntryOptions = {},
): (undefined | CacheError)[] {
  if (!Array.isArray(entries)) throw new ArgumentError("the entries are no array of pairs");
  const checked = Array.from(entries, (pair: unknown): [string, Uint8Array] => {
    if (!Array.isArray(pair)) throw new ArgumentError("an entry is no pair of a key and a value");
    const [key, value] = pair;
    text(key, "a key");
    bytes(value);
    return [key, value];
  });
  const entry = entryOptions(options);
  return call(() => host.setMany(checked, entry)).map(answerOf);
}

/** Removes an entry; says whether there was one. */
function remove(key: string): boolean {
  text(key, "a key");
  return call(() => host.delete(key));
}

export { remove as delete };

/**
 * Removes entries, in one round trip; says of each whether there was one, or why it could
 * not be removed. Of a key named twice, only the first can have one.
 */
export function deleteMany(keys: readonly string[]): (boolean | CacheError)[] {
  const checked = texts(keys, "a key");
  return call(() => host.deleteMany(checked)).map(answerOf);
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

/** Describes the entry of `key`; none for a miss. Not counted as a read. */
export function describe(key: string): EntryInfo | undefined {
  text(key, "a key");
  const info = call(() => host.describe(key));
  return info
    ? { ...info, freshFor: info.freshFor ?? undefined, ttl: info.ttl ?? undefined }
    : undefined;
}

/**
 * Finds `key`, or makes this caller its one loader in the whole fleet, or waits until the
 * loader is done.
 */
export function lookup(key: string, options: LookupOptions = {}): Lookup {
  text(key, "a key");
  object(options);
  const { strict = false } = options;
  if (typeof strict !== "boolean") throw new ArgumentError("`strict` is no boolean");
  const asked = {
    tags: texts(options.tags ?? [], "a tag"),
    maxWait: optional(milliseconds, options.maxWait),
    unless: optional(version, options.unless),
    strict,
  };
  const found = call(() => host.lookup(key, asked));
  switch (found.tag) {
    case "hit":
      return { result: "hit", ...found.val };
    case "stale": {
      const { entry, fresh, refresh } = found.val;
      return { result: "stale", ...entry, fresh, lease: refresh ? new Lease(refresh) : undefined };
    }
    case "miss":
      return { result: "miss", lease: new Lease(found.val) };
    case "pass":
      return { result: "pass" };
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
    const failure = (error as { payload?: HostError }).payload;
    throw failure === undefined ? error : fromHost(failure);
  }
}

/** Of a batch's answers, one. */
function answerOf<T>(each: Host.Result<T>): T | CacheError {
  return each.tag === "ok" ? each.val : fromHost(each.val);
}

function entryOptions(options: EntryOptions): Host.EntryOptions {
  object(options);
  const { tags = [] } = options;
  const ttl = optional(milliseconds, options.ttl);
  const freshFor = optional(milliseconds, options.freshFor);
  if (ttl === 0) throw new InvalidTtlError("`ttl` is zero");
  if (freshFor === 0) throw new InvalidTtlError("`freshFor` is zero");
  if (ttl !== undefined && freshFor !== undefined && freshFor > ttl) {
    throw new InvalidTtlError("`freshFor` is longer than `ttl`");
  }
  return { ttl, freshFor, tags: texts(tags, "a tag") };
}

function optional<T>(check: (value: T) => T, value: T | undefined): T | undefined {
  return value === undefined ? undefined : check(value);
}

function milliseconds(time: number): number {
  if (typeof time === "number" && time < 0) throw new ArgumentError("a time is negative");
  if (!Number.isSafeInteger(time)) {
    throw new ArgumentError("a time is no whole number of milliseconds, up to 2^53 - 1");
  }
  return time;
}

function version(number: number): number {
  if (!Number.isSafeInteger(number) || number < 0) {
    throw new ArgumentError("a version is no whole number, as the contract has it");
  }
  return number;
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
