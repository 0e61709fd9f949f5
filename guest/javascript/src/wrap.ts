import { DefaultKey } from "./default-key.ts";
import { ArgumentError, KeyGenerationError } from "./errors.ts";
import { load, now } from "./load.ts";
import type { Loadable } from "./loaded.ts";
import {
  checkBoolean,
  checkBoth,
  checkNames,
  checkTags,
  type Encoded,
  OPTIONS,
  type Options,
} from "./options.ts";
import { bind, POSITION, parametersOf, usesObject } from "./parameters.ts";
import * as raw from "./raw.ts";
import type { Storable } from "./storable.ts";
import { checkFunction, checkNow } from "./synchronous.ts";
import { Template } from "./template.ts";

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
export type CacheableOptions<A extends unknown[] = never[], T = unknown> = Options<T> &
  Named<A> & {
    /** Of a method: all objects share its entries, and the key names nothing of `this`. */
    readonly shared?: boolean;
  };

/** What a function evicts. Keys and tags are templates. */
export type EvictOptions<A extends unknown[] = never[]> = Named<A> &
  (
    | { readonly key?: string; readonly tags?: readonly string[]; readonly all?: false }
    | { readonly all: true; readonly key?: undefined; readonly tags?: undefined }
  );

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
export function cacheable<This, A extends unknown[], T>(
  template: string,
  options: CacheableOptions<A, T> & Encoded<T>,
  fn: (this: This, ...args: A) => Loadable<T>,
): (this: This, ...args: A) => T;
export function cacheable<This, A extends unknown[], T>(
  template: string,
  options: CacheableOptions<A, T>,
  fn: ((this: This, ...args: A) => Loadable<T>) & Storable<T>,
): (this: This, ...args: A) => T;
export function cacheable<A extends unknown[], T>(
  options: CacheableOptions<A, T> & Encoded<T>,
  fn: (...args: A) => Loadable<T>,
): (...args: A) => T;
export function cacheable<A extends unknown[], T>(
  options: CacheableOptions<A, T>,
  fn: ((...args: A) => Loadable<T>) & Storable<T>,
): (...args: A) => T;
export function cacheable(...given: unknown[]): (...args: unknown[]) => unknown {
  const [options, fn] = given.slice(-2);
  const template = given.length === 2 ? undefined : new Template(given[0] as string);
  return cached(template, options as CacheableOptions<unknown[]>, fn as AnyFunction);
}

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;

function cached(
  template: Template | undefined,
  options: CacheableOptions<unknown[]>,
  fn: AnyFunction,
): AnyFunction {
  checkFunction(fn, "function");
  checkNames(options, [...OPTIONS, "values", "shared"], "options");
  const { values, shared = false, tags = [], ...rest } = options;
  checkBoolean(shared, "shared");
  const { entry, lookup, ...checked } = checkBoth(rest as Options);
  const tagsOf = checkTags(tags).map((tag) => new Template(tag));
  const valuesOf = valuesFor(template ? [template, ...tagsOf] : tagsOf, fn, values);
  if (template !== undefined && !shared) checkObject(template, fn, values);
  const keyOf = template ?? new DefaultKey(fn);
  return function (...args) {
    const found = valuesOf(this, args);
    const tags = tagsOf.map((tag) => tag.fill(found));
    const steps = load({
      ...checked,
      key: keyOf instanceof Template ? keyOf.fill(found) : keyOf.of(args),
      entry: { ...entry, tags },
      lookup: { ...lookup, tags },
      find: raw.lookup,
      loader: () => fn.apply(this, args),
    });
    return now(steps).value;
  };
}

/**
 * A function that evicts, once it has succeeded: an entry, the entries of some tags, or
 * everything. `fn` is synchronous; if it throws, nothing is evicted.
 *
 * ```js
 * const rename = cacheEvict({ key: "profile:{id}" }, (id, name) => database.rename(id, name));
 * ```
 */
export function cacheEvict<This, A extends unknown[], R>(
  options: EvictOptions<A>,
  fn: (this: This, ...args: A) => R,
): (this: This, ...args: A) => R {
  checkFunction(fn, "function");
  checkNames(options, ["key", "tags", "all", "values"], "options of an evicting function");
  const { key, tags = [], all = false, values } = options;
  const some = key !== undefined || checkTags(tags).length > 0;
  if (typeof all !== "boolean" || all === some) {
    throw new ArgumentError("an evicting function evicts a `key`, `tags`, or else `all`");
  }
  const keyOf = key === undefined ? undefined : new Template(key);
  const tagsOf = tags.map((tag) => new Template(tag));
  const valuesOf = valuesFor([...(keyOf ? [keyOf] : []), ...tagsOf], fn, values);
  return function (...args) {
    // Before it runs: what it may change are its arguments, and what it did is done.
    const found = valuesOf(this, args);
    const key = keyOf?.fill(found);
    const tags = tagsOf.map((tag) => tag.fill(found));
    const result = checkNow(fn.apply(this, args), "function");
    if (all) raw.clear();
    if (key !== undefined) raw.delete(key);
    if (tags.length > 0) raw.evictTags(tags);
    return result;
  };
}

/** How the values of the templates come out of the arguments; refuses what never would. */
function valuesFor<A extends unknown[]>(
  templates: Template[],
  fn: (...args: A) => unknown,
  values: ((...args: A) => object) | undefined,
): (object: unknown, args: A) => object {
  if (values !== undefined) {
    checkFunction(values, "option `values`");
    return (object, args) => values.apply(object, args);
  }
  const parameters = parametersOf(fn);
  for (const template of templates) {
    for (const name of template.names) {
      if (name === "this" || (parameters?.has(name) ?? POSITION.test(name))) continue;
      const names = [...(parameters?.keys() ?? [])].filter((name) => !POSITION.test(name));
      const has = parameters === undefined ? "cannot be seen" : `are \`${names.join("`, `")}\``;
      throw new KeyGenerationError(
        `\`${name}\` of the template \`${template.source}\` is no parameter of ` +
          `\`${fn.name}\`, whose parameters ${has}: the option \`values\` can name others`,
      );
    }
  }
  const names = new Set(templates.flatMap((template) => template.names));
  const named = new Map([...(parameters ?? [])].filter(([name]) => names.has(name)));
  return (object, args) =>
    Object.assign(parameters === undefined ? { ...args } : bind(named, args), { this: object });
}

/** Refuses a method whose objects would share an entry. */
function checkObject<A extends unknown[]>(
  template: Template,
  fn: (...args: A) => unknown,
  values: ((...args: A) => object) | undefined,
): void {
  if (template.names.includes("this") || (values !== undefined && usesObject(values))) return;
  const bound = fn.name.startsWith("bound ") && values === undefined;
  if (!bound && !usesObject(fn)) return;
  throw new KeyGenerationError(
    `\`${fn.name}\` is a method, and the template \`${template.source}\` names nothing of its ` +
      "object: name what tells the objects apart, such as `{this.name}`, or set the option " +
      "`shared` if all of them share its entries",
  );
}
