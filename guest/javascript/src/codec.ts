/**
 * Values as CBOR (RFC 8949), the encoding that every guest library shares, in its core
 * deterministic form.
 *
 * cborg reads and writes the items; what a value is, is decided here, since cborg alone
 * writes -0 as an integer, takes a half of a surrogate pair or broken UTF-8 for U+FFFD,
 * an instance of any class for a map, and knows no limit to nesting.
 */

import { encode as encodeTokens, Token, Tokenizer, Type } from "cborg";

import { SerializationError } from "./errors.ts";
import { Float } from "./float.ts";
import type { ReadOptions } from "./options.ts";
import { decodeText, encodeText } from "./text.ts";

/**
 * Arrays and maps within each other. The component's stack holds about 600 calls, and a
 * stack that is used up cannot be caught: so there is one call a level, and a limit.
 */
export const MAX_DEPTH = 128;

const LEAST = -(2n ** 64n);
const MOST = 2n ** 64n - 1n;

/** The bytes of a value, as all operations store it; a `SerializationError` if it has none. */
export function encode(value: unknown): Uint8Array {
  const tokens: Token[] = [];
  toTokens(value, [], tokens);
  return write(tokens);
}

/** The one value that these bytes are, as all operations read it. */
export function decode(bytes: Uint8Array, { check, numbers }: ReadOptions = {}): unknown {
  const tokens = new Tokenizer(bytes, {
    allowBigInt: true,
    allowUndefined: false,
    retainStringBytes: true,
  });
  let value: unknown;
  try {
    value = fromTokens(tokens, numbers === "exact", 0);
  } catch (error) {
    if (error instanceof SerializationError) throw error;
    throw unreadable((error as Error).message, { cause: error });
  }
  if (!tokens.done()) throw unreadable(`${bytes.length - tokens.pos()} bytes too many`);
  if (check !== undefined && !check(value)) throw unreadable("it is of another type");
  return value;
}

function write(tokens: Token[]): Uint8Array {
  // An encoder of objects may answer with tokens: so this is how one writes them.
  return encodeTokens({}, { typeEncoders: { Object: () => tokens } });
}

/**
 * @param around - The arrays and maps that the value is in.
 * @param tokens - Where its own go.
 */
function toTokens(value: unknown, around: object[], tokens: Token[]): void {
  if (typeof value !== "object" || value === null) {
    tokens.push(plainToken(value));
  } else if (value instanceof Float) {
    tokens.push(new Token(Type.float, value.value));
  } else if (value instanceof Uint8Array) {
    tokens.push(new Token(Type.bytes, value));
  } else {
    if (around.includes(value)) throw unwritable("a value holds itself");
    if (around.length === MAX_DEPTH) throw unwritable(`it is nested more than ${MAX_DEPTH} deep`);
    around.push(value);
    if (Array.isArray(value)) {
      tokens.push(new Token(Type.array, value.length));
      for (const item of value as unknown[]) toTokens(item, around, tokens);
    } else {
      const entries: { key: Token[]; value: unknown }[] = [];
      for (const [name, item] of entriesOf(value)) {
        const key: Token[] = [];
        toTokens(name, around, key);
        entries.push({ key, value: item });
      }
      tokens.push(new Token(Type.map, entries.length));
      for (const { key, value: item } of sort(entries)) {
        for (const token of key) tokens.push(token);
        toTokens(item, around, tokens);
      }
    }
    around.pop();
  }
}

function plainToken(value: unknown): Token {
  switch (typeof value) {
    case "object":
      return new Token(Type.null, null);
    case "boolean":
      return new Token(value ? Type.true : Type.false, value);
    case "number":
      // -0 would lose its sign as an integer.
      if (!Number.isSafeInteger(value) || Object.is(value, -0)) return new Token(Type.float, value);
      return new Token(value < 0 ? Type.negint : Type.uint, value);
    case "bigint":
      if (value < LEAST || value > MOST) throw unwritable("an integer has more than 64 bits");
      return new Token(value < 0n ? Type.negint : Type.uint, value);
    case "string": {
      const token = new Token(Type.string, value);
      token.encodedBytes = encodeText(value);
      if (!token.encodedBytes) throw unwritable("a text has half of a surrogate pair");
      return token;
    }
    default:
      throw unwritable(`${value === undefined ? "undefined" : `a ${typeof value}`} has no CBOR`);
  }
}

function entriesOf(value: object): Iterable<[unknown, unknown]> {
  if (value instanceof Map) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) {
    const name = (value as { constructor?: { name?: string } }).constructor?.name;
    throw unwritable(`an instance of ${name} has no CBOR, as plain objects and Maps have`);
  }
  return Object.entries(value);
}

/** By the bytes of their keys, no two of which are the same. */
function sort<E extends { key: Token[] }>(entries: E[]): E[] {
  const isText = ({ key: [token] }: E) => token !== undefined && token.type === Type.string;
  // Before the bytes of a text stands their number.
  const text = entries.every(isText);
  const sorted = entries.map((entry) => {
    const bytes = (text ? entry.key[0]?.encodedBytes : undefined) ?? write(entry.key);
    return { entry, bytes };
  });
  sorted.sort((a, b) => (text ? a.bytes.length - b.bytes.length : 0) || compare(a.bytes, b.bytes));
  for (const [index, { bytes }] of sorted.entries()) {
    const before = sorted[index - 1];
    if (before !== undefined && compare(before.bytes, bytes) === 0) {
      throw unwritable("a map has two keys that are the same in CBOR");
    }
  }
  return sorted.map(({ entry }) => entry);
}

function compare(a: Uint8Array, b: Uint8Array): number {
  for (let at = 0; at < a.length && at < b.length; at++) {
    const difference = (a[at] as number) - (b[at] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

function fromTokens(tokens: Tokenizer, exact: boolean, depth: number): unknown {
  if (tokens.done()) throw unreadable("it ends too early");
  const { type, value, byteValue } = tokens.next();
  if (type.name === "array" || type.name === "map") {
    if (depth === MAX_DEPTH) throw unreadable(`it is nested more than ${MAX_DEPTH} deep`);
    // Infinity, where the end is marked.
    const length: number = value;
    if (type.name === "array") {
      const array: unknown[] = [];
      while (array.length < length && !ends(tokens, length)) {
        array.push(fromTokens(tokens, exact, depth + 1));
      }
      return array;
    }
    const map = new Map<unknown, unknown>();
    for (let count = 0; count < length && !ends(tokens, length); count++) {
      const key = fromTokens(tokens, exact, depth + 1);
      if (map.has(key)) throw unreadable("a map has a key twice");
      map.set(key, fromTokens(tokens, exact, depth + 1));
    }
    return objectOrMap(map);
  }
  switch (type.name) {
    case "string":
      // That of the empty one has no bytes.
      return fromText(byteValue ?? new Uint8Array(0));
    case "float":
      return exact && Number.isSafeInteger(value) && !Object.is(value, -0)
        ? new Float(value)
        : value;
    case "tag":
      throw unreadable("it has a tag");
    case "break":
      throw unreadable("it ends what did not begin");
    default:
      return value;
  }
}

function fromText(bytes: Uint8Array): string {
  const text = decodeText(bytes);
  if (text === undefined) throw unreadable("a text is not UTF-8");
  return text;
}

/** An object if all keys are text. */
function objectOrMap(map: Map<unknown, unknown>): unknown {
  for (const key of map.keys()) if (typeof key !== "string") return map;
  // Not by assignment: a key may be `__proto__`.
  return Object.fromEntries(map);
}

/** Whether here is the mark of an end, and takes it. */
function ends(tokens: Tokenizer, length: number): boolean {
  if (length !== Number.POSITIVE_INFINITY || tokens.data[tokens.pos()] !== 0xff) return false;
  tokens.next();
  return true;
}

function unwritable(reason: string): SerializationError {
  return new SerializationError(`cannot encode the value: ${reason}`);
}

function unreadable(reason: string, options?: ErrorOptions): SerializationError {
  return new SerializationError(`cannot decode the entry: ${reason}`, options);
}
