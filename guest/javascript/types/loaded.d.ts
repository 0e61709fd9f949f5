import { type Time } from "./options.ts";
/** How long what was loaded lives, and what evicts it; the rest is as the options have it. */
export interface LoadedOptions {
    /** The time to live. An entry whose options keep it fresh for longer is fresh until then. */
    readonly ttl?: Time;
    /** How long the entry is fresh, within its time to live. */
    readonly freshFor?: Time;
    /** Tags that evict the entry, in place of those of the options. */
    readonly tags?: readonly string[];
}
/** A name that no program has, so that no other type is taken for one of these. */
export declare const VALUE: unique symbol;
/** A value, and how it is stored: what `loaded` makes. */
export declare class Loaded<out T> {
    #private;
    readonly [VALUE]: T;
}
/** A value that is not to be stored: what `doNotStore` makes. */
export declare class Unstored<out T> {
    readonly [VALUE]: T;
}
/** What a loader may return, of which `getOrLoad` returns the `T`. */
export type Loadable<T> = T | Loaded<T> | Unstored<T>;
/**
 * What a loader returns in place of a value, if how long it lives or what evicts it is known
 * only once it is loaded. What is not given here comes from the options.
 *
 * ```js
 * const rate = getOrLoad("rate", { ttl: 60 }, () => {
 *   const { rate, seconds } = quote();
 *   return loaded(rate, { ttl: seconds, tags: ["rates"] });
 * });
 * ```
 */
export declare function loaded<T>(value: T, options: LoadedOptions): Loaded<T>;
/**
 * What a loader returns in place of a value that is not to be stored. The next caller loads.
 * With `passFor`, all callers load for so long, without waiting for each other, and an entry
 * that was being refreshed is removed.
 */
export declare function doNotStore<T>(value: T, options?: {
    readonly passFor?: Time;
}): Unstored<T>;
