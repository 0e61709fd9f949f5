import type { Loadable } from "./loaded.ts";
import { type Encoded, type Options } from "./options.ts";
import type { Storable } from "./storable.ts";
/** Where the values of templates come from. */
interface Named<A extends unknown[]> {
    /**
     * The values that the templates name, from the arguments of a call. Without it, they
     * name the function's parameters (also those taken out of an object: `({ id }) => …`),
     * and `this`.
     */
    readonly values?: (...args: A) => object;
}
/** The options of the entries that a function's results become. Tags are templates. */
export type CacheableOptions<A extends unknown[] = never[], T = unknown> = Options<T> & Named<A> & {
    /** Of a method: all objects share its entries, and the key names nothing of `this`. */
    readonly shared?: boolean;
};
/** What a function evicts. Keys and tags are templates. */
export type EvictOptions<A extends unknown[] = never[]> = Named<A> & ({
    readonly key?: string;
    readonly tags?: readonly string[];
    readonly all?: false;
} | {
    readonly all: true;
    readonly key?: undefined;
    readonly tags?: undefined;
});
/**
 * A function whose results are cached under the key that `template` makes of its
 * arguments. `fn` is synchronous; what it throws comes back unchanged and is not cached. As a
 * loader may, it returns a value, `loaded(value, options)` or `doNotStore(value)`.
 *
 * ```js
 * const profile = cacheable(
 *   "profile:{id}",
 *   { ttl: { minutes: 5 }, tags: ["profiles"] },
 *   (id) => database.profile(id),
 * );
 * ```
 *
 * A value in a key is a text, a number, a boolean or null, and is escaped. Between two
 * placeholders there is a `:`, so different arguments never make the same key. `{0}` is the
 * first argument. A template that is wrong, or names what is no parameter, is a
 * `KeyGenerationError` at once. So is one of a function that uses `this`, unless it names what
 * tells the objects apart, such as `{this.name}`, or the option `shared` says that all of them
 * share the entries.
 *
 * Without a template, the key of a function that has a name is made of its module, its name
 * and its arguments: `shop.prices.price:7:eur`. The module is the file's path in the program.
 */
export declare function cacheable<This, A extends unknown[], T>(template: string, options: CacheableOptions<A, T> & Encoded<T>, fn: (this: This, ...args: A) => Loadable<T>): (this: This, ...args: A) => T;
export declare function cacheable<This, A extends unknown[], T>(template: string, options: CacheableOptions<A, T>, fn: ((this: This, ...args: A) => Loadable<T>) & Storable<T>): (this: This, ...args: A) => T;
export declare function cacheable<A extends unknown[], T>(options: CacheableOptions<A, T> & Encoded<T>, fn: (...args: A) => Loadable<T>): (...args: A) => T;
export declare function cacheable<A extends unknown[], T>(options: CacheableOptions<A, T>, fn: ((...args: A) => Loadable<T>) & Storable<T>): (...args: A) => T;
/**
 * A function that evicts, once it has succeeded: an entry, the entries of some tags, or
 * everything. `fn` is synchronous; if it throws, nothing is evicted.
 *
 * ```js
 * const rename = cacheEvict({ key: "profile:{id}" }, (id, name) => database.rename(id, name));
 * ```
 */
export declare function cacheEvict<This, A extends unknown[], R>(options: EvictOptions<A>, fn: (this: This, ...args: A) => R): (this: This, ...args: A) => R;
export {};
