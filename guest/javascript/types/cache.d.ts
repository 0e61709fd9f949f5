import { type Outcome } from "./load.ts";
import type { Loadable } from "./loaded.ts";
import { type Encoded, type Options, type ReadOptions } from "./options.ts";
import type { Storable } from "./storable.ts";
/** The value of `key`; `undefined` if there is none. Never waits for a loader. */
export declare function get<T = unknown>(key: string, options?: ReadOptions<T>): T | undefined;
/**
 * The values of `keys`, in their order, in one round trip. The error of the first that
 * cannot be read is thrown; `raw.getMany` answers for each.
 */
export declare function getMany<T = unknown>(keys: readonly string[], options?: ReadOptions<T>): (T | undefined)[];
/** Stores an entry. A load of the same key that is under way can no longer be stored. */
export declare function set<T>(key: string, value: T, options: Options<T> & Encoded<T>): void;
export declare function set<T>(key: string, value: T & Storable<T>, options?: Options<T>): void;
/**
 * Stores entries, pairs of a key and a value, that share their options, in one round
 * trip. All of them are checked before any is written. Of a key named twice, the last
 * stays. The error of the first that cannot be stored is thrown.
 */
export declare function setMany<T>(entries: Iterable<readonly [string, T]>, options: Options<T> & Encoded<T>): void;
export declare function setMany<T>(entries: Iterable<readonly [string, T & Storable<T>]>, options?: Options<T>): void;
/**
 * Removes entries, in one round trip; says how many there were. The error of the first that
 * cannot be removed is thrown.
 */
export declare function deleteMany(keys: readonly string[]): number;
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
export declare function describe(key: string): EntryInfo | undefined;
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
export declare function getOrLoad<T>(key: string, options: Options<T> & Encoded<T>, loader: () => Loadable<T>): T;
export declare function getOrLoad<T>(key: string, options: Options<T>, loader: (() => Loadable<T>) & Storable<T>): T;
/** As `getOrLoad`, and says how the value came to be. */
export declare function getOrLoadOutcome<T>(key: string, options: Options<T> & Encoded<T>, loader: () => Loadable<T>): Outcome<T>;
export declare function getOrLoadOutcome<T>(key: string, options: Options<T>, loader: (() => Loadable<T>) & Storable<T>): Outcome<T>;
/**
 * Writes a value to its origin and to the cache: `writer` stores it in the origin, and
 * while it does, readers of `key` miss and wait. If it succeeds, the value is cached
 * (unless another write overtook this one), and its result comes back. If it throws, that
 * comes back unchanged, and the key is a miss.
 *
 * A `CacheError` whose `after` is `"writer"`: written, but not cached.
 */
export declare function writeThrough<T, R>(key: string, value: T, options: Options<T> & Encoded<T>, writer: (value: T) => R): R;
export declare function writeThrough<T, R>(key: string, value: T & Storable<T>, options: Options<T>, writer: (value: T) => R): R;
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
export declare function writeBehind<T, R>(key: string, value: T, options: Options<T> & Encoded<T>, writer: (value: T) => R): R;
export declare function writeBehind<T, R>(key: string, value: T & Storable<T>, options: Options<T>, writer: (value: T) => R): R;
