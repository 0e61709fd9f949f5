/**
 * Values between JSON, in which scenarios are written, and JavaScript. An object with one
 * key that begins with `$` stands for what JSON cannot say.
 */

import { Decimal, encode, Float, Uuid } from "spakky-cache";

import { Failure } from "./failure.ts";

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
  return extended(name, content);
}

/** `{"$hex": "00ff"}` and the like. */
function extended(name: string, content: Json): unknown {
  switch (name) {
    case "$hex":
      return Uint8Array.fromHex(content as string);
    case "$float":
      return new Float(Number(content));
    case "$int":
      return BigInt(content as string);
    case "$time":
      return new Date(content as string);
    case "$uuid":
      return new Uuid(content as string);
    case "$decimal":
      return new Decimal(content as string);
    case "$set":
      return new Set((content as Json[]).map(fromJson));
    case "$map": {
      const pairs = content as [Json, Json][];
      const map = new Map(pairs.map(([key, value]) => [fromJson(key), fromJson(value)]));
      // A `Map` of these would come back as an object, and is refused.
      return pairs.every(([key]) => typeof key === "string") ? Object.fromEntries(map) : map;
    }
    case "$unencodable":
      return () => content;
    default:
      throw new Failure("protocol", `\`${name}\` is not a value`);
  }
}

/** A value that was read with `numbers: "exact"`. */
export function toJson(value: unknown): Json {
  switch (typeof value) {
    case "bigint":
      return { $int: String(value) };
    case "number":
      // A whole float that could be taken for an integer arrives as a `Float`.
      if (Number.isSafeInteger(value) && !Object.is(value, -0)) return value;
      return Number.isFinite(value) && !Number.isInteger(value) ? value : floatToJson(value);
    case "boolean":
    case "string":
      return value;
  }
  if (value === null) return null;
  if (value instanceof Float) return floatToJson(value.value);
  if (value instanceof Uint8Array) return { $hex: value.toHex() };
  if (value instanceof Date) return { $time: value.toISOString().replace(/\.?0+Z$/, "Z") };
  if (value instanceof Uuid) return { $uuid: String(value) };
  if (value instanceof Decimal) return { $decimal: String(value) };
  if (value instanceof Set) return { $set: [...value].sort(byEncoding).map(toJson) };
  if (Array.isArray(value)) return value.map(toJson);
  if (value instanceof Map) return mapToJson([...value]);
  const entries = Object.entries(value as object);
  if (entries.some(([name]) => name.startsWith("$"))) return mapToJson(entries);
  return Object.fromEntries(entries.map(([name, value]) => [name, toJson(value)]));
}

function byEncoding(a: unknown, b: unknown): number {
  return encode(a).toHex() < encode(b).toHex() ? -1 : 1;
}

function mapToJson(entries: [unknown, unknown][]): Json {
  return { $map: entries.map(([key, value]) => [toJson(key), toJson(value)]) };
}

function floatToJson(value: number): Json {
  return { $float: Object.is(value, -0) ? "-0" : String(value) };
}
