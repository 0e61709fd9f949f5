import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";

import { decode } from "../src/codec.ts";
import { Decimal } from "../src/decimal.ts";
import { ArgumentError } from "../src/errors.ts";
import { key } from "../src/template.ts";
import { Uuid } from "../src/uuid.ts";

test("a decimal is spelled as the vectors have it, and read from that", () => {
  const lines = fs
    .readFileSync("wit/VALUES.md", "utf8")
    .matchAll(/^(c4\w+) \{"\$decimal": "(.+)"\}$/gm);
  let count = 0;
  for (const [, bytes = "", text = ""] of lines) {
    count += 1;
    const decimal = decode(new Uint8Array(Buffer.from(bytes, "hex"))) as Decimal;
    assert.equal(String(decimal), text);
    const read = new Decimal(text);
    assert.deepEqual([read.mantissa, read.exponent], [decimal.mantissa, decimal.exponent], text);
  }
  assert.ok(count > 20);
});

test("a decimal is read from other spellings, too", () => {
  const texts: [string, string][] = [
    ["+1.", "1"],
    [".5", "0.5"],
    ["00.10", "0.10"],
    ["1e3", "1E+3"],
    ["-1.5e-3", "-0.0015"],
    ["1E0", "1"],
  ];
  for (const [text, spelled] of texts) assert.equal(String(new Decimal(text)), spelled);
  assert.equal(JSON.stringify({ price: new Decimal(110n, -2) }), '{"price":"1.10"}');
});

test("what is no decimal and no UUID is refused", () => {
  for (const text of ["", ".", "1.2.3", "e5", "1e", "NaN", "Infinity", "-0", "-0.00", " 1", "١"]) {
    assert.throws(() => new Decimal(text), ArgumentError, text);
  }
  // biome-ignore lint/suspicious/noExplicitAny: the types refuse these, too
  const wrong: any[] = [1, null, undefined, "", "6ba7b810", new Uint8Array(15), [1]];
  for (const value of wrong) assert.throws(() => new Uuid(value), ArgumentError);
  for (const value of [1, null, undefined] as unknown as string[]) {
    assert.throws(() => new Decimal(value), ArgumentError);
  }
  assert.throws(() => new Decimal(1n, 0.5), ArgumentError);
});

test("a UUID is of a text or of bytes, and has both", () => {
  const text = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
  const uuid = new Uuid(text.toUpperCase());
  assert.equal(String(uuid), text);
  assert.equal(String(new Uuid(uuid.bytes)), text);
  assert.equal(JSON.stringify([uuid]), `["${text}"]`);
});

test("a UUID and a decimal are their text in a key", () => {
  const uuid = new Uuid("6ba7b810-9dad-11d1-80b4-00c04fd430c8");
  assert.equal(key`k:${uuid}`, `k:${uuid}`);
  assert.equal(key`k:${new Decimal("1.10")}`, key`k:${"1.10"}`);
  assert.equal(key`k:${new Decimal("7")}`, "k:%37");
});
