import { InvalidTtlError } from "./errors.ts";
import { checkNames, checkTags, lifetime, type Time } from "./options.ts";
import type { EntryOptions } from "./raw.ts";

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
export const VALUE = Symbol("value");

/** A value, and how it is stored: what `loaded` makes. */
export class Loaded<out T> {
  readonly [VALUE]: T;
  readonly #chosen: EntryOptions;

  /** @internal */
  constructor(value: T, { ttl, freshFor, tags }: LoadedOptions) {
    this[VALUE] = value;
    this.#chosen = {
      ...(ttl === undefined ? {} : { ttl: lifetime(ttl, "ttl") }),
      ...(freshFor === undefined ? {} : { freshFor: lifetime(freshFor, "freshFor") }),
      ...(tags === undefined ? {} : { tags: checkTags(tags) }),
    };
  }

  /**
   * The options, with what the loader chose in their place.
   *
   * @internal
   */
  over(options: EntryOptions): EntryOptions {
    const chosen = this.#chosen;
    const entry = { ...options, ...chosen };
    const { ttl, freshFor } = entry;
    if (ttl !== undefined && freshFor !== undefined && freshFor > ttl) {
      if (chosen.freshFor !== undefined) {
        throw new InvalidTtlError("`freshFor` is longer than `ttl`");
      }
      entry.freshFor = ttl;
    }
    return entry;
  }
}

/** A value that is not to be stored: what `doNotStore` makes. */
export class Unstored<out T> {
  readonly [VALUE]: T;
  /** @internal */
  readonly passFor: number | undefined;

  /** @internal */
  constructor(value: T, passFor: Time | undefined) {
    this[VALUE] = value;
    this.passFor = passFor === undefined ? undefined : lifetime(passFor, "passFor");
  }
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
export function loaded<T>(value: T, options: LoadedOptions): Loaded<T> {
  checkNames(options, ["ttl", "freshFor", "tags"], "options of a loaded value");
  return new Loaded(value, options);
}

/**
 * What a loader returns in place of a value that is not to be stored. The next caller loads.
 * With `passFor`, all callers load for so long, without waiting for each other, and an entry
 * that was being refreshed is removed.
 */
export function doNotStore<T>(value: T, options: { readonly passFor?: Time } = {}): Unstored<T> {
  checkNames(options, ["passFor"], "options of a value that is not stored");
  return new Unstored(value, options.passFor);
}
