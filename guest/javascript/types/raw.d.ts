import { type CacheError } from "./errors.ts";
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
export type Lookup = (Found & {
    result: "hit";
    lease?: undefined;
})
/** `fresh`: it is fresh nevertheless, and a hit if its refresh fails. */
 | (Found & {
    result: "stale";
    fresh: boolean;
    lease: Lease | undefined;
}) | {
    result: "miss";
    value?: undefined;
    lease: Lease;
}
/** This caller loads for itself, without a lease. */
 | {
    result: "pass";
    value?: undefined;
    lease?: undefined;
};
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
export declare class Lease {
    #private;
    /**
     * Stores the loaded value. False: something removed or replaced the key since the load
     * began, so the value was not stored.
     */
    commit(value: Uint8Array, options?: EntryOptions): boolean;
    /**
     * Stores nothing, and for so many milliseconds lookups of the key answer `pass`, and
     * nobody waits for another's load. An entry that was being refreshed is removed. False:
     * something removed or replaced the key since the load began.
     */
    pass(duration: number): boolean;
    /**
     * The load failed, and nobody should try again for so many milliseconds: lookups answer
     * `load-failed`, or the entry that was being refreshed. False: something removed or
     * replaced the key since the load began.
     */
    fail(retryAfter: number): boolean;
    /** Gives the lease up, as `drop` does, and returns once that is done. */
    release(): void;
    /** Gives the lease up, if it has not been spent. Doing it again does nothing. */
    drop(): void;
    /** So that `using` drops it. */
    [Symbol.dispose](): void;
}
/** The value of `key`, or none. Never waits for a loader. */
export declare function get(key: string): Uint8Array | undefined;
/**
 * The values of `keys`, in their order, in one round trip; in the place of one that could
 * not be read, why.
 */
export declare function getMany(keys: readonly string[]): (Uint8Array | undefined | CacheError)[];
/** Stores an entry. A load of the same key that is under way can no longer be stored. */
export declare function set(key: string, value: Uint8Array, options?: EntryOptions): void;
/**
 * Stores entries that share their options, in one round trip; says of each that could not
 * be stored why. All of them are checked before any is written. Of a key named twice, the
 * last stays.
 */
export declare function setMany(entries: readonly (readonly [string, Uint8Array])[], options?: EntryOptions): (undefined | CacheError)[];
/** Removes an entry; says whether there was one. */
declare function remove(key: string): boolean;
export { remove as delete };
/**
 * Removes entries, in one round trip; says of each whether there was one, or why it could
 * not be removed. Of a key named twice, only the first can have one.
 */
export declare function deleteMany(keys: readonly string[]): (boolean | CacheError)[];
/** Evicts every entry that has one of `tags`. */
export declare function evictTags(tags: readonly string[]): void;
/** Evicts every entry of this cache. */
export declare function clear(): void;
/** Describes the entry of `key`; none for a miss. Not counted as a read. */
export declare function describe(key: string): EntryInfo | undefined;
/**
 * Finds `key`, or makes this caller its one loader in the whole fleet, or waits until the
 * loader is done.
 */
export declare function lookup(key: string, options?: LookupOptions): Lookup;
/**
 * Removes `key` and takes its lease from whoever holds it: the first step of a write to
 * the origin. Readers miss, and wait, until it is committed or dropped.
 */
export declare function beginWrite(key: string, tags?: readonly string[]): Lease;
