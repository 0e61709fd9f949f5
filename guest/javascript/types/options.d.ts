import type { EntryOptions, LookupOptions } from "./raw.ts";
/** A span of time: seconds, whole or with a fraction, or the sum of an object's fields. */
export type Time = number | {
    readonly days?: number;
    readonly hours?: number;
    readonly minutes?: number;
    readonly seconds?: number;
    readonly milliseconds?: number;
};
/** What reading and writing share. */
interface ValueOptions<T> {
    /**
     * Whether a value is one of this type. One that is not is a `SerializationError`, when it
     * is read and before it is stored. Without it, the cache is trusted to hold what the type
     * says.
     */
    readonly check?: (value: unknown) => value is T;
}
/** How a value is read. */
export interface ReadOptions<T = unknown> extends ValueOptions<T> {
    /**
     * `"exact"`: a float that JavaScript would write as an integer, such as 1.0, is read
     * as a `Float`. `"plain"`, the default: as the number 1.
     */
    readonly numbers?: "plain" | "exact";
    /**
     * Makes a value of what was stored: the inverse of `encode`. What it throws is the `cause`
     * of a `SerializationError`.
     */
    decode?(stored: unknown): T;
}
/** How a value is written. */
export interface WriteOptions<T = unknown> extends ValueOptions<T> {
    /**
     * Makes of a value, which may be of any type, what is stored in its place: a text of a
     * date, an object of an instance of a class.
     */
    encode?(value: T): unknown;
}
/** With these options, values of any type can be stored. */
export type Encoded<T> = Required<Pick<WriteOptions<T>, "encode">>;
/** How long an entry lives, what evicts it, and how long a lookup may wait. */
export interface Options<T = unknown> extends ReadOptions<T>, WriteOptions<T> {
    /** The time to live; without one, the entry stays until something removes it. */
    readonly ttl?: Time;
    /**
     * How long the entry is fresh, within its time to live. Past it, one caller at a time
     * is asked to refresh the entry while the others go on reading it. Without it, an
     * entry is fresh for as long as it lives.
     */
    readonly freshFor?: Time;
    /** Tags that evict the entry. One named twice counts once. */
    readonly tags?: readonly string[];
    /**
     * A lookup waits for another caller's load at most this long, and not at all if it is
     * zero. Without it, as long as the host allows, which is also the longest.
     */
    readonly maxWait?: Time;
    /**
     * Whether a stale entry is served if its refresh fails, in place of the loader's error;
     * it is, unless this is false. An entry that is still fresh is served in any case.
     */
    readonly staleIfError?: boolean;
    /**
     * After a load that failed, nobody tries again for this long, or for as long as the host
     * allows. Meanwhile a stale entry is served, and callers of a key that has no entry get a
     * `LoadFailedError`. Without it, the next caller tries at once.
     */
    readonly retryAfter?: Time;
    /** Whether the backend has to be asked, even where the host may answer from its copies. */
    readonly strict?: boolean;
}
/** Options that were found to be possible, in the contract's terms. */
export interface Checked {
    readonly entry: EntryOptions & {
        tags: string[];
    };
    readonly lookup: LookupOptions;
    readonly read: ReadOptions;
    readonly write: WriteOptions;
    readonly staleIfError: boolean;
    /** In milliseconds. */
    readonly retryAfter: number | undefined;
}
/** The names of all options. */
export declare const OPTIONS: string[];
/** Refuses what is no option, and times that no host would take. */
export declare function checkOptions(options?: Options): Checked;
/** As `checkOptions`, of what is both written and read. */
export declare function checkBoth(options: Options): Checked;
/** Refuses what is no option of reading. */
export declare function checkReadOptions(options?: ReadOptions): ReadOptions;
/** That these are the options of something: an object without any other name. */
export declare function checkNames(options: unknown, known: readonly string[], what: string): void;
export declare function checkBoolean(value: boolean, name: string): void;
/** That a thing is a list; the strings in it are checked where they are used. */
export declare function checkTags(tags: readonly string[]): string[];
/** A time to live in milliseconds, rounded up. */
export declare function lifetime(time: Time, name: string): number;
export {};
