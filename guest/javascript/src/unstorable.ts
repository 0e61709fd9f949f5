/** Why a value cannot be stored, and what to store in its place. */

const HOOK = "or give the options `encode` and `decode`";

/** Of classes that are often met, what to store in the place of an instance. */
const INSTEAD: [unknown, string][] = [
  [Date, "store its `toISOString()` or `getTime()`"],
  [Set, "store an array"],
  [Map, "store an array of its pairs"],
  [RegExp, "store its `source`"],
  [Error, "store its `message`"],
  [Promise, "return the value itself"],
  [ArrayBuffer, "store a `Uint8Array` of it"],
];

/** Of what is neither a plain object, a plain array, a `Uint8Array` nor a `Map`. */
export function instanceOf(value: object): string {
  const [, known] = INSTEAD.find(([made]) => value instanceof (made as typeof Date)) ?? [];
  const instead =
    known ??
    (ArrayBuffer.isView(value) ? "store an array or a `Uint8Array`" : "store a plain object");
  return `an instance of ${nameOf(value)}, and would not come back as one: ${instead}, ${HOOK}`;
}

/** The name of its class, as far as there is one. */
function nameOf(value: object): string {
  const made: unknown = Object.getPrototypeOf(value)?.constructor;
  return (typeof made === "function" && made.name) || "some class";
}

/** Of a plain value that has no encoding. */
export function plain(value: unknown): string {
  if (value === undefined) return "undefined: store null";
  return `a ${typeof value}: leave it out, ${HOOK}`;
}

export const MORE_THAN_ITEMS =
  "an array with a field, a symbol or a hole beside its items, which would be lost: store an object";
export const HIDDEN_FIELD =
  "an object with a symbol or a hidden field, which would be lost: leave it out";
export const MORE_THAN_PAIRS = "a `Map` with a field of its own, which would be lost: leave it out";
export const MORE_THAN_ELEMENTS =
  "a `Set` with a field of its own, which would be lost: leave it out";
export const MORE_THAN_TIME = "a `Date` with a field of its own, which would be lost: leave it out";
export const NO_TIME = "a `Date` that is invalid, or outside of the years 1 to 9999: store null";
export const LARGE_DECIMAL = `a \`Decimal\` of more than 64 bits: store a text of it, ${HOOK}`;
export const MAP_OF_TEXTS =
  "a `Map` whose keys are texts, or that has none, and would come back as an object: " +
  `store \`Object.fromEntries(map)\` or an array of its pairs, ${HOOK}`;
export const SMALL_BIGINT = `a bigint that would come back as a number: store \`Number(value)\`, ${HOOK}`;
export const LARGE_BIGINT = `an integer of more than 64 bits: store a text of it, ${HOOK}`;
export const LONE_SURROGATE = "a text with a lone surrogate: `toWellFormed()` replaces it";

/** `lines[0].price`: where a value is in another, from the keys and indices on the way. */
export function pathOf(steps: readonly unknown[]): string {
  let path = "";
  for (const step of steps) {
    if (typeof step === "string" && /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(step)) {
      path += path === "" ? step : `.${step}`;
    } else {
      path += `[${typeof step === "string" ? JSON.stringify(step) : String(step)}]`;
    }
  }
  return path;
}
