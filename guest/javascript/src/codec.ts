/**
 * The encoding of values: the profile of CBOR (RFC 8949) that wit/VALUES.md defines.
 *
 * No package keeps to it: cborg 6.1.5 writes -0 as an integer and some half-precision
 * floats as longer ones, replaces invalid UTF-8 with U+FFFD, and needs a `TextDecoder`,
 * which the component's engine lacks.
 */

import { Decimal } from "./decimal.ts";
import { SerializationError } from "./errors.ts";
import { Float } from "./float.ts";
import type { ReadOptions, WriteOptions } from "./options.ts";
import { Reader } from "./reader.ts";
import { decodeText, encodeText, isAscii } from "./text.ts";
import { timeOfSeconds, timeOfText, timeText } from "./time.ts";
import {
  HIDDEN_FIELD,
  instanceOf,
  LARGE_BIGINT,
  LARGE_DECIMAL,
  LONE_SURROGATE,
  MAP_OF_TEXTS,
  MORE_THAN_ELEMENTS,
  MORE_THAN_ITEMS,
  MORE_THAN_PAIRS,
  MORE_THAN_TIME,
  NO_TIME,
  pathOf,
  plain,
  SMALL_BIGINT,
} from "./unstorable.ts";
import { Uuid } from "./uuid.ts";
import { compare, Major, Writer } from "./writer.ts";

/**
 * How deeply arrays and maps may be nested. The component's stack holds about 600 calls, and
 * a stack overflow cannot be caught, so each level takes one call.
 */
export const MAX_DEPTH = 128;

const LEAST = -(2n ** 64n);
const MOST = 2n ** 64n - 1n;

/**
 * Encodes a value: what the option `encode` makes of it, if there is one. Throws a
 * `SerializationError`, which names the field, if it would not come back as it is.
 */
export function encode(value: unknown, { check, encode: hook }: WriteOptions = {}): Uint8Array {
  checkValue(value, check);
  const stored = hook === undefined ? value : own("encode", hook, value);
  const writer = new Writer();
  write(writer, stored, new Place());
  return writer.written();
}

/** Refuses a value that every later read would refuse. */
export function checkValue(value: unknown, check: WriteOptions["check"]): void {
  if (check !== undefined && !check(value)) throw unwritable("`check` refuses it");
}

/**
 * Decodes exactly one value, and makes of it what the option `decode` does, if there is one.
 * Throws a `SerializationError` if the bytes are anything else.
 */
export function decode(
  bytes: Uint8Array,
  { check, numbers, decode: hook }: ReadOptions = {},
): unknown {
  const reader = new Reader(bytes);
  const stored = read(reader, numbers === "exact", 0);
  if (reader.left > 0) throw unreadable(`${reader.left} bytes follow the value`);
  const value = hook === undefined ? stored : own("decode", hook, stored);
  if (check !== undefined && !check(value)) throw unreadable("it is of another type");
  return value;
}

/** What the program's own function makes of a value. */
function own(name: "encode" | "decode", hook: (value: unknown) => unknown, value: unknown) {
  try {
    return hook(value);
  } catch (cause) {
    throw new SerializationError(`the option \`${name}\` failed: ${cause}`, { cause });
  }
}

/** Where the writer is. */
class Place {
  /** The arrays and maps that contain the value, from the outermost. */
  readonly around: object[] = [];
  /** Of each of them, the index or key that the value is at. */
  readonly steps: unknown[] = [];

  refuse(reason: string, is = "is"): SerializationError {
    const path = pathOf(this.steps.slice(0, this.around.length));
    return unwritable(`${path === "" ? "it" : `\`${path}\``} ${is} ${reason}`);
  }

  /** How deep an array or a map here is nested. */
  depth(): number {
    const depth = this.around.length;
    if (depth === MAX_DEPTH) throw unwritable(`it is nested more than ${MAX_DEPTH} deep`);
    return depth;
  }
}

function write(writer: Writer, value: unknown, place: Place): void {
  if (typeof value !== "object" || value === null) {
    writePlain(writer, value, place);
  } else if (value instanceof Float) {
    writer.float(value.value);
  } else if (Object.getPrototypeOf(value) === Uint8Array.prototype) {
    writer.head(Major.bytes, (value as Uint8Array).length);
    writer.bytes(value as Uint8Array);
  } else if (!writeTagged(writer, value, place)) {
    const { around, steps } = place;
    if (around.includes(value)) throw place.refuse("itself", "contains");
    const depth = place.depth();
    const isSet = Object.getPrototypeOf(value) === Set.prototype;
    const entries = isSet || Array.isArray(value) ? undefined : entriesOf(value, place);
    if (isSet) checkSet(value, place);
    else if (entries === undefined) checkArray(value as unknown[], place);
    around.push(value);
    if (isSet) {
      writer.head(Major.tag, Tag.set);
      writer.head(Major.array, (value as Set<unknown>).size);
      const elements: Uint8Array[] = [];
      for (const element of value as Set<unknown>) {
        steps[depth] = elements.length;
        const apart = new Writer();
        write(apart, element, place);
        elements.push(apart.written());
      }
      elements.sort((a, b) => distinct(compare(a, b), "elements of a `Set`", place));
      for (const bytes of elements) writer.bytes(bytes);
    } else if (entries === undefined) {
      const array = value as unknown[];
      writer.head(Major.array, array.length);
      for (let index = 0; index < array.length; index++) {
        steps[depth] = index;
        write(writer, array[index], place);
      }
    } else {
      sort(entries, place);
      writer.head(Major.map, entries.length);
      for (const entry of entries) {
        steps[depth] = entry[0];
        write(writer, entry[0], place);
        write(writer, entry[1], place);
      }
    }
    around.pop();
  }
}

function writePlain(writer: Writer, value: unknown, place: Place): void {
  switch (typeof value) {
    case "object":
      writer.head(Major.simple, Simple.null);
      break;
    case "boolean":
      writer.head(Major.simple, value ? Simple.true : Simple.false);
      break;
    case "number":
      if (isInteger(value)) writer.integer(value);
      else writer.float(value);
      break;
    case "bigint":
      if (value < LEAST || value > MOST) throw place.refuse(LARGE_BIGINT);
      if (Number.isSafeInteger(Number(value))) throw place.refuse(SMALL_BIGINT);
      writer.integer(value);
      break;
    case "string": {
      const bytes = encodeText(value);
      if (bytes === undefined) throw place.refuse(LONE_SURROGATE);
      writer.head(Major.text, bytes.length);
      writer.bytes(bytes);
      break;
    }
    default:
      throw place.refuse(plain(value));
  }
}

/** Whether a number is written as an integer: -0 would lose its sign. */
function isInteger(value: number): boolean {
  return Number.isSafeInteger(value) && !Object.is(value, -0);
}

/** The integer that was read; none if it is something else. */
function toBigInt(value: unknown): bigint | undefined {
  if (typeof value === "bigint") return value;
  return typeof value === "number" && isInteger(value) ? BigInt(value) : undefined;
}

/** Writes what is a tag and its content, unless it is something else. */
function writeTagged(writer: Writer, value: object, place: Place): boolean {
  switch (Object.getPrototypeOf(value)) {
    case Date.prototype: {
      const text = timeText(value as Date);
      if (text === undefined) throw place.refuse(NO_TIME);
      if (Reflect.ownKeys(value).length > 0) throw place.refuse(MORE_THAN_TIME);
      writer.head(Major.tag, Tag.time);
      writePlain(writer, text, place);
      return true;
    }
    case Uuid.prototype:
      writer.head(Major.tag, Tag.uuid);
      writer.head(Major.bytes, 16);
      writer.bytes((value as Uuid).bytes);
      return true;
    case Decimal.prototype: {
      const { mantissa, exponent } = value as Decimal;
      place.depth();
      if (mantissa < LEAST || mantissa > MOST) throw place.refuse(LARGE_DECIMAL);
      writer.head(Major.tag, Tag.decimal);
      writer.head(Major.array, 2);
      writer.integer(exponent);
      writer.integer(mantissa);
      return true;
    }
    default:
      return false;
  }
}

type Entry = [key: unknown, value: unknown];

/** Refuses what of an array would be lost. */
function checkArray(array: unknown[], place: Place): void {
  if (Object.getPrototypeOf(array) !== Array.prototype) throw place.refuse(instanceOf(array));
  // The length is one of them.
  if (Reflect.ownKeys(array).length !== array.length + 1) throw place.refuse(MORE_THAN_ITEMS);
}

/** Refuses what of a set would be lost. */
function checkSet(set: object, place: Place): void {
  if (Reflect.ownKeys(set).length > 0) throw place.refuse(MORE_THAN_ELEMENTS);
}

function entriesOf(value: object, place: Place): Entry[] {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Map.prototype) {
    const entries = [...(value as Map<unknown, unknown>)];
    if (Reflect.ownKeys(value).length > 0) throw place.refuse(MORE_THAN_PAIRS);
    if (entries.every(([key]) => typeof key === "string")) throw place.refuse(MAP_OF_TEXTS);
    return entries;
  }
  if (prototype !== null && prototype !== Object.prototype) throw place.refuse(instanceOf(value));
  const entries = Object.entries(value);
  if (Reflect.ownKeys(value).length !== entries.length) throw place.refuse(HIDDEN_FIELD);
  // A field that is undefined reads as one that is not there.
  return entries.filter(([, field]) => field !== undefined);
}

/** Sorts by the bytes of the keys, which must differ. */
function sort(entries: Entry[], place: Place): void {
  // The length of a text precedes its content, and the engine compares ASCII by its bytes.
  if (entries.every(([key]) => typeof key === "string" && isAscii(key))) {
    (entries as [string, unknown][]).sort(([a], [b]) => a.length - b.length || (a < b ? -1 : 1));
    return;
  }
  const bytes = new Map<Entry, Uint8Array>();
  for (const entry of entries) {
    const writer = new Writer();
    place.steps[place.around.length - 1] = entry[0];
    write(writer, entry[0], place);
    bytes.set(entry, writer.written());
  }
  entries.sort((a, b) => {
    const order = compare(bytes.get(a) as Uint8Array, bytes.get(b) as Uint8Array);
    return distinct(order, "keys", place);
  });
}

/** The order of two in a set or a map. */
function distinct(order: number, what: string, place: Place): number {
  if (order === 0) throw place.refuse(`of two ${what} that are the same in CBOR`, "is one");
  return order;
}

const Simple = { false: 20, true: 21, null: 22 } as const;

function read(reader: Reader, exact: boolean, depth: number): unknown {
  reader.next();
  let tag: number | bigint | undefined;
  if (reader.major === Major.tag) {
    tag = reader.value;
    if (!TAGS.includes(tag)) throw unreadable(`it has the tag ${tag}`);
    reader.next();
  }
  const { major, value } = reader;
  let content: unknown;
  if (major === Major.array || major === Major.map) {
    if (depth === MAX_DEPTH) throw unreadable(`it is nested more than ${MAX_DEPTH} deep`);
    if (major === Major.array) {
      const array: unknown[] = [];
      while (array.length < value) {
        // In a decimal, a float would look like an integer.
        array.push(read(reader, exact || tag === Tag.decimal, depth + 1));
      }
      content = array;
    } else {
      const map = new Map<unknown, unknown>();
      for (let count = 0; count < value; count++) {
        const key = read(reader, exact, depth + 1);
        if (map.has(key)) throw unreadable(KEY_TWICE);
        map.set(key, read(reader, exact, depth + 1));
      }
      content = objectOrMap(map);
    }
  } else {
    content = readLeaf(reader, exact);
  }
  return tag === undefined ? content : tagged(tag, content);
}

/** An item that contains no other. */
function readLeaf(reader: Reader, exact: boolean): unknown {
  const { major, value } = reader;
  switch (major) {
    case Major.unsigned:
      return value;
    case Major.negative:
      if (typeof value === "bigint") return -1n - value;
      return value === Number.MAX_SAFE_INTEGER ? -1n - BigInt(value) : -1 - value;
    case Major.bytes:
      return reader.string();
    case Major.text: {
      const text = decodeText(reader.string());
      if (text === undefined) throw unreadable("a text is not UTF-8");
      return text;
    }
    case Major.simple:
      return readSimple(reader.minor, value, exact);
    default:
      throw unreadable("it has a tag on a tag");
  }
}

const Tag = { time: 0, seconds: 1, decimal: 4, uuid: 37, set: 258 } as const;
const TAGS: unknown[] = Object.values(Tag);

/** The value of a tag and its content. */
function tagged(tag: number | bigint, content: unknown): unknown {
  let made: unknown;
  if (tag === Tag.time && typeof content === "string") {
    made = timeOfText(content);
  } else if (tag === Tag.seconds) {
    const seconds = content instanceof Float ? content.value : content;
    if (typeof seconds === "number" || typeof seconds === "bigint") made = timeOfSeconds(seconds);
  } else if (tag === Tag.uuid && content instanceof Uint8Array && content.length === 16) {
    made = new Uuid(content);
  } else if (tag === Tag.decimal && Array.isArray(content) && content.length === 2) {
    const [exponent, mantissa] = content.map(toBigInt);
    if (exponent !== undefined && mantissa !== undefined) {
      const small = Number.isSafeInteger(Number(exponent));
      made = small ? new Decimal(mantissa, Number(exponent)) : "a decimal of a larger exponent";
    }
  } else if (tag === Tag.set && Array.isArray(content)) {
    const set = new Set(content);
    if (set.size < content.length) throw unreadable(ELEMENT_TWICE);
    checkDistinct(set, ELEMENT_TWICE);
    made = set;
  }
  if (made === undefined) throw unreadable(`it has the tag ${tag} on what it does not tag`);
  if (typeof made === "string") throw unreadable(`it has ${made}`);
  return made;
}

const KEY_TWICE = "a map has a key twice";
const ELEMENT_TWICE = "a set has an element twice";

/** Refuses two objects that are the same. All else, a set and a map tell apart themselves. */
function checkDistinct(values: Iterable<unknown>, refusal: string): void {
  const objects = [...values].filter((value) => typeof value === "object" && value !== null);
  if (objects.length < 2) return;
  objects
    .map((value) => encode(value))
    .sort((a, b) => {
      const order = compare(a, b);
      if (order === 0) throw unreadable(refusal);
      return order;
    });
}

function readSimple(minor: number, value: number | bigint, exact: boolean): unknown {
  switch (minor) {
    case Simple.null:
      return null;
    case Simple.false:
    case Simple.true:
      return minor === Simple.true;
    case 25:
    case 26:
    case 27: {
      const float = value as number;
      return exact && isInteger(float) ? new Float(float) : float;
    }
    default:
      throw unreadable("it has `undefined` or another simple value");
  }
}

/** An object if all keys are text, else the map. */
function objectOrMap(map: Map<unknown, unknown>): unknown {
  for (const key of map.keys()) {
    if (typeof key === "string") continue;
    checkDistinct(map.keys(), KEY_TWICE);
    return map;
  }
  // Assignment would call the setter of `__proto__`.
  return Object.fromEntries(map);
}

function unwritable(reason: string): SerializationError {
  return new SerializationError(`cannot encode the value: ${reason}`);
}

function unreadable(reason: string): SerializationError {
  return new SerializationError(`cannot decode the entry: ${reason}`);
}
