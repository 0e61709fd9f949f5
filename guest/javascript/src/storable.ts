import type { Decimal } from "./decimal.ts";
import type { Float } from "./float.ts";
import type { Uuid } from "./uuid.ts";

/**
 * What a value's type, or its loader's, has to be as well, so that a value comes back as it
 * was stored: `unknown` if it does, or else a type that no value has, and whose text says
 * which field of it does not, why, and what to store in its place.
 *
 * A class that has no methods, and what is typed `unknown` or `any`, is seen only when it is
 * stored.
 */
export type Storable<T> = [Problem<T>] extends [infer Reasons]
  ? [Reasons] extends [never]
    ? unknown
    : // Named by its text, which a message then shows.
      { readonly [Reason in Extract<Reasons, string> as `cannot be stored: ${Reason}`]: never }
  : never;

/** What there is to say of a type; nothing if all of its values can be stored. */
export type Problem<
  T,
  Path extends string = "",
  Seen = never,
  Depth extends 0[] = [],
> = unknown extends T
  ? never
  : // A type may contain itself, and grow as it does.
    [Mark<T>] extends [Seen]
    ? never
    : Depth["length"] extends 8
      ? never
      : Of<T, Path, Seen | Mark<T>, [...Depth, 0], number extends T ? true : false>;

/** Types have the same mark only if they are the same. */
type Mark<T> = (value: T) => T;

type Of<T, Path extends string, Seen, Depth extends 0[], OrNumber> = T extends
  | null
  | boolean
  | number
  | string
  ? never
  : T extends bigint
    ? OrNumber extends true
      ? never
      : `${It<Path>} is a bigint, and comes back as a number if it is one that a number holds: type it as number | bigint, or ${Hook}`
    : T extends void
      ? `${It<Path>} may be undefined: let it be null`
      : T extends symbol
        ? `${It<Path>} is a symbol: ${Hook}`
        : T extends (...args: never[]) => unknown
          ? `${It<Path>} is a function: leave it out, or ${Hook}`
          : OfObject<T, Path, Seen, Depth, OrNumber>;

type OfObject<T, Path extends string, Seen, Depth extends 0[], OrNumber> = T extends
  | Date
  | Decimal
  | Uuid
  ? never
  : T extends ReadonlyMap<unknown, unknown>
    ? `${It<Path>} is a Map, and comes back as an object if its keys are texts, or it has none: store an object or an array of pairs, or ${Hook}`
    : T extends ReadonlySet<infer Element>
      ? Problem<Element, `${Path}[]`, Seen, Depth>
      : T extends PromiseLike<unknown>
        ? `${It<Path>} is a Promise: functions that are cached are synchronous`
        : T extends RegExp | Error
          ? `${It<Path>} is a RegExp or an Error: store a text of it, or ${Hook}`
          : T extends Float
            ? OrNumber extends true
              ? never
              : `${It<Path>} is a Float, and comes back as a number: type it as number | Float`
            : T extends Uint8Array
              ? never
              : T extends ArrayBufferView | ArrayBufferLike
                ? `${It<Path>} is neither an array nor a Uint8Array: store one, or ${Hook}`
                : T extends readonly unknown[]
                  ? Problem<T[number], `${Path}[]`, Seen, Depth>
                  : Extract<keyof T, symbol> extends never
                    ? OfFields<T, Path, Seen, Depth>
                    : `${It<Path>} has a symbol as a key: leave it out, or ${Hook}`;

/** Fields that are undefined are left out. */
type OfFields<T, Path extends string, Seen, Depth extends 0[]> = {
  [K in keyof T & (string | number)]-?: Problem<
    Exclude<T[K], undefined>,
    Field<Path, K>,
    Seen,
    Depth
  >;
}[keyof T & (string | number)];

type Field<Path extends string, K extends string | number> = string extends K
  ? `${Path}[]`
  : number extends K
    ? `${Path}[]`
    : Path extends ""
      ? `${K}`
      : `${Path}.${K}`;

type It<Path extends string> = Path extends "" ? "it" : `\`${Path}\``;

type Hook = "give the options `encode` and `decode`";
