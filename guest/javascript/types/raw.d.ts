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
export type Lookup = {
    result: "hit";
    value: Uint8Array;
    lease?: undefined;
} | {
    result: "stale";
    value: Uint8Array;
    lease: Lease | undefined;
} | {
    result: "miss";
    value?: undefined;
    lease: Lease;
};
/**
 * The right, and the duty, to fill one key. Dropping it unfilled gives it up at once, and
 * one waiting caller takes over; the garbage collector never drops one.
 */
export declare class Lease {
    #private;
    /**
     * Stores the loaded value. False: something removed or replaced the key since the load
     * began, so the value was not stored.
     *
     * A lease is spent by its first commit, and further ones answer false. A commit refused
     * for its arguments spends nothing.
     */
    commit(value: Uint8Array, options?: EntryOptions): boolean;
    /** Gives the lease up, if it has not been spent. Doing it again does nothing. */
    drop(): void;
    /** So that `using` drops it. */
    [Symbol.dispose](): void;
}
/** The value of `key`, or none. Never waits for a loader. */
export declare function get(key: string): Uint8Array | undefined;
/** The values of `keys`, in their order, in one round trip. */
export declare function getMany(keys: readonly string[]): (Uint8Array | undefined)[];
/** Stores an entry. A load of the same key that is under way can no longer be stored. */
export declare function set(key: string, value: Uint8Array, options?: EntryOptions): void;
/**
 * Stores entries that share their options, in one round trip. All of them are checked
 * before any is written. Of a key named twice, the last stays.
 */
export declare function setMany(entries: readonly (readonly [string, Uint8Array])[], options?: EntryOptions): void;
/** Removes an entry; says whether there was one. */
declare function remove(key: string): boolean;
export { remove as delete };
/** Removes entries, in one round trip; says how many there were. */
export declare function deleteMany(keys: readonly string[]): number;
/** Evicts every entry that has one of `tags`. */
export declare function evictTags(tags: readonly string[]): void;
/** Evicts every entry of this cache. */
export declare function clear(): void;
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
