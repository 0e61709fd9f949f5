/**
 * Values between JSON, in which scenarios are written, and what they are in JavaScript.
 * What JSON cannot say stands in an object with a key that begins with `$`.
 */

import { Float } from "spakky-cache";

import { protocol } from "./failure.ts";

/** What JSON has. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** A value for the cache. */
export function fromJson(json: Json): unknown {
  if (typeof json !== "object" || json === null) return json;
  if (Array.isArray(json)) return json.map(fromJson);
  const entries = Object.entries(json);
  const [name, content] = entries[0] ?? ["", null];
  if (!name.startsWith("$")) {
    return Object.fromEntries(entries.map(([name, value]) => [name, fromJson(value)]));
  }
  const value = entries.length === 1 ? extended(name, content) : undefined;
  if (value === undefined) throw protocol(`${JSON.stringify(json)} is not a value`);
  return value;
}

/** `{"$hex": "00ff"}` and the like; `undefined` if it is no such thing. */
function extended(name: string, content: Json): unknown {
  switch (name) {
    case "$hex":
      return typeof content === "string" ? fromHex(content) : undefined;
    case "$float":
      return typeof content === "string" ? new Float(parseFloatText(content)) : undefined;
    case "$int":
      return typeof content === "string" && /^-?\d+$/.test(content) ? BigInt(content) : undefined;
    case "$map":
      return Array.isArray(content) ? new Map(content.map(pair)) : undefined;
    case "$unencodable":
      return () => content;
    default:
      return undefined;
  }
}

function pair(json: Json): [unknown, unknown] {
  if (!Array.isArray(json) || json.length !== 2) {
    throw protocol(`${JSON.stringify(json)} is not a pair`);
  }
  return [fromJson(json[0] as Json), fromJson(json[1] as Json)];
}

/** A value that was read with `numbers: "exact"`. */
export function toJson(value: unknown): Json {
  switch (typeof value) {
    case "bigint":
      return { $int: String(value) };
    case "number":
      // Whole floats are a `Float`, if they could be taken for an integer.
      if (Number.isSafeInteger(value) && !Object.is(value, -0)) return value;
      return Number.isFinite(value) && !Number.isInteger(value) ? value : floatToJson(value);
    case "boolean":
    case "string":
      return value;
  }
  if (value === null) return null;
  if (value instanceof Float) return floatToJson(value.value);
  if (value instanceof Uint8Array) return { $hex: toHex(value) };
  if (Array.isArray(value)) return value.map(toJson);
  if (value instanceof Map) return mapToJson([...value]);
  const entries = Object.entries(value as object);
  if (entries.some(([name]) => name.startsWith("$"))) return mapToJson(entries);
  return Object.fromEntries(entries.map(([name, value]) => [name, toJson(value)]));
}

function mapToJson(entries: [unknown, unknown][]): Json {
  return { $map: entries.map(([key, value]) => [toJson(key), toJson(value)]) };
}

function floatToJson(value: number): Json {
  return { $float: Object.is(value, -0) ? "-0" : String(value) };
}

/** A float as scenarios write it: a number, or text for what JSON has no number for. */
export function toFloat(json: Json): number {
  if (typeof json === "number") return json;
  const text = (json as { $float?: Json } | null)?.$float;
  if (typeof text === "string") return parseFloatText(text);
  throw protocol(`${JSON.stringify(json)} is not a float`);
}

function parseFloatText(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || (Number.isNaN(value) && text !== "NaN")) {
    throw protocol(`\`${text}\` is not a float`);
  }
  return value;
}

export function toHex(bytes: Uint8Array): string {
  return bytes.toHex();
}

export function fromHex(text: string): Uint8Array {
  try {
    return Uint8Array.fromHex(text);
  } catch {
    throw protocol(`\`${text}\` is not hexadecimal`);
  }
}
