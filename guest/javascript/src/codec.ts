/**
 * The encoding of values: the profile of CBOR (RFC 8949) that wit/VALUES.md defines.
 *
 * No package keeps to it: cborg 6.1.5 writes -0 as an integer and some half-precision
 * floats as longer ones, replaces invalid UTF-8 with U+FFFD, and needs a `TextDecoder`,
 * which the component's engine lacks.
 */

import { SerializationError } from "./errors.ts";
import { Float } from "./float.ts";
import type { ReadOptions } from "./options.ts";
import { Reader } from "./reader.ts";
import { decodeText, encodeText, isAscii } from "./text.ts";
import { compare, Major, Writer } from "./writer.ts";

/**
 * How deeply arrays and maps may be nested. The component's stack holds about 600 calls, and
 * a stack overflow cannot be caught, so each level takes one call.
 */
export const MAX_DEPTH = 128;

const LEAST = -(2n ** 64n);
const MOST = 2n ** 64n - 1n;

/** Encodes a value. Throws a `SerializationError` if it has no encoding. */
export function encode(value: unknown): Uint8Array {
  const writer = new Writer();
  write(writer, value, []);
  return writer.written();
}

/** Decodes exactly one value. Throws a `SerializationError` if the bytes are anything else. */
export function decode(bytes: Uint8Array, { check, numbers }: ReadOptions = {}): unknown {
  const reader = new Reader(bytes);
  const value = read(reader, numbers === "exact", 0);
  if (reader.left > 0) throw unreadable(`${reader.left} bytes follow the value`);
  if (check !== undefined && !check(value)) throw unreadable("it is of another type");
  return value;
}

/** @param around - The arrays and maps that contain the value. */
function write(writer: Writer, value: unknown, around: object[]): void {
  if (typeof value !== "object" || value === null) {
    writePlain(writer, value);
  } else if (value instanceof Float) {
    writer.float(value.value);
  } else if (value instanceof Uint8Array) {
    writer.head(Major.bytes, value.length);
    writer.bytes(value);
  } else {
    if (around.includes(value)) throw unwritable("a value contains itself");
    if (around.length === MAX_DEPTH) throw unwritable(`it is nested more than ${MAX_DEPTH} deep`);
    around.push(value);
    if (Array.isArray(value)) {
      writer.head(Major.array, value.length);
      for (const item of value as unknown[]) write(writer, item, around);
    } else {
      const entries = entriesOf(value);
      sort(entries, around);
      writer.head(Major.map, entries.length);
      for (const entry of entries) {
        write(writer, entry[0], around);
        write(writer, entry[1], around);
      }
    }
    around.pop();
  }
}

function writePlain(writer: Writer, value: unknown): void {
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
      if (value < LEAST || value > MOST) throw unwritable("an integer has more than 64 bits");
      writer.integer(value);
      break;
    case "string": {
      const bytes = encodeText(value);
      if (bytes === undefined) throw unwritable("a text has a lone surrogate");
      writer.head(Major.text, bytes.length);
      writer.bytes(bytes);
      break;
    }
    default:
      throw unwritable(`${value === undefined ? value : `a ${typeof value}`} has no encoding`);
  }
}

/** Whether a number is written as an integer: -0 would lose its sign. */
function isInteger(value: number): boolean {
  return Number.isSafeInteger(value) && !Object.is(value, -0);
}

type Entry = [key: unknown, value: unknown];

function entriesOf(value: object): Entry[] {
  if (value instanceof Map) return [...value];
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) {
    const name = (value as { constructor?: { name?: string } }).constructor?.name;
    throw unwritable(`an instance of ${name} has no encoding; plain objects and Maps have one`);
  }
  return Object.entries(value);
}

/** Sorts by the bytes of the keys, which must differ. */
function sort(entries: Entry[], around: object[]): void {
  // The length of a text precedes its content, and the engine compares ASCII by its bytes.
  if (entries.every(([key]) => typeof key === "string" && isAscii(key))) {
    (entries as [string, unknown][]).sort(([a], [b]) => a.length - b.length || (a < b ? -1 : 1));
    return;
  }
  const bytes = new Map<Entry, Uint8Array>();
  for (const entry of entries) {
    const writer = new Writer();
    write(writer, entry[0], around);
    bytes.set(entry, writer.written());
  }
  entries.sort((a, b) => {
    const order = compare(bytes.get(a) as Uint8Array, bytes.get(b) as Uint8Array);
    if (order === 0) throw unwritable("a map has two keys that are the same in CBOR");
    return order;
  });
}

const Simple = { false: 20, true: 21, null: 22 } as const;

function read(reader: Reader, exact: boolean, depth: number): unknown {
  reader.next();
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
    case Major.array:
    case Major.map: {
      if (depth === MAX_DEPTH) throw unreadable(`it is nested more than ${MAX_DEPTH} deep`);
      if (major === Major.array) {
        const array: unknown[] = [];
        while (array.length < value) {
          array.push(read(reader, exact, depth + 1));
        }
        return array;
      }
      const map = new Map<unknown, unknown>();
      for (let count = 0; count < value; count++) {
        const key = read(reader, exact, depth + 1);
        if (map.has(key)) throw unreadable("a map has a key twice");
        map.set(key, read(reader, exact, depth + 1));
      }
      return objectOrMap(map);
    }
    case Major.simple:
      return readSimple(reader.minor, value, exact);
    default:
      throw unreadable("it has a tag");
  }
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
  for (const key of map.keys()) if (typeof key !== "string") return map;
  // Assignment would call the setter of `__proto__`.
  return Object.fromEntries(map);
}

function unwritable(reason: string): SerializationError {
  return new SerializationError(`cannot encode the value: ${reason}`);
}

function unreadable(reason: string): SerializationError {
  return new SerializationError(`cannot decode the entry: ${reason}`);
}
