import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";

import { decode, encode, MAX_DEPTH } from "../src/codec.ts";
import { Decimal } from "../src/decimal.ts";
import { SerializationError } from "../src/errors.ts";
import { Float } from "../src/float.ts";
import { Uuid } from "../src/uuid.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));

const VALUES = fs.readFileSync("wit/VALUES.md", "utf8");

/** The lines of the blocks of wit/VALUES.md with this name. */
function vectors(block: string, least = 10): string[][] {
  const blocks = VALUES.matchAll(new RegExp(`\`\`\`${block}\n(.*?)\`\`\``, "gs"));
  const lines = [...blocks].flatMap(([, text]) => (text as string).trimEnd().split("\n"));
  assert.ok(lines.length >= least);
  return lines.map((line) => line.split(" "));
}

const again = (text = "") => hex(encode(decode(bytes(text), { numbers: "exact" })));

test("a value has one encoding, and comes back from it", () => {
  for (const [text] of vectors("written")) assert.equal(again(text), text);
});

test("an encoding that is longer than necessary is read", () => {
  for (const [text, shortest] of vectors("read")) assert.equal(again(text), shortest);
});

test("everything outside the profile is refused", () => {
  for (const [text = ""] of [[""], ["a201010102"], ...vectors("refused")]) {
    assert.throws(() => decode(bytes(text)), SerializationError, text);
  }
});

test("a time that is finer than a Date's milliseconds is refused", () => {
  for (const block of ["fine", "read-fine"]) {
    for (const [text = ""] of vectors(block, 4)) {
      assert.throws(() => decode(bytes(text)), /SerializationError.*finer/, text);
    }
  }
});

test("a tag that no value has is named, as is one on what it does not tag", () => {
  const wrong: [string, RegExp][] = [
    ["c24105", /it has the tag 2$/],
    ["dbffffffffffffffff00", /it has the tag 18446744073709551615$/],
    ["c0c060", /a tag on a tag/],
    ["c001", /the tag 0 on what/],
    ["c074323031332d31332d32315432303a30343a30305a", /a timestamp that does not exist/],
    ["c11b0000003afff44180", /outside of the years/],
    ["c4821b002000000000000001", /a decimal of a larger exponent/],
    ["d90102820101", /a set has an element twice/],
    ["d9010282c100c100", /a set has an element twice/],
    ["d901028281018101", /a set has an element twice/],
    ["d901028201f93c00", /a set has an element twice/],
    ["a2c10001c10002", /a map has a key twice/],
  ];
  for (const [text, reason] of wrong) assert.throws(() => decode(bytes(text)), reason, text);
  // As floats and integers are told apart, they are two.
  const two = decode(bytes("d901028201f93c00"), { numbers: "exact" });
  assert.deepEqual(two, new Set([1, new Float(1)]));
});

test("JavaScript's values have these encodings", () => {
  const values: [unknown, string][] = [
    [2 ** 53 - 1, "1b001fffffffffffff"],
    [2n ** 53n, "1b0020000000000000"],
    [-(2n ** 64n), "3bffffffffffffffff"],
    [2 ** 53, "fa5a000000"],
    [-0, "f98000"],
    [new Float(1), "f93c00"],
    [new Uint8Array([1, 255]), "4201ff"],
    [{ a: 1, b: [2] }, "a261610161628102"],
    [JSON.parse('{"__proto__": 1}'), "a1695f5f70726f746f5f5f01"],
    [new Map<unknown, unknown>([[1, "one"]]), "a101636f6e65"],
    [new Date(1_500), "c076313937302d30312d30315430303a30303a30312e355a"],
    [new Set([1, "a", -1]), "d9010283012061 61".replace(" ", "")],
    [new Uuid("6ba7b810-9dad-11d1-80b4-00c04fd430c8"), "d825506ba7b8109dad11d180b400c04fd430c8"],
    [new Decimal("1.10"), "c48221186e"],
  ];
  for (const [value, expected] of values) {
    assert.equal(hex(encode(value)), expected);
    assert.deepEqual(decode(bytes(expected), { numbers: "exact" }), value);
  }
});

test("every half-precision float has the shortest encoding", () => {
  for (let half = 0; half < 0x10000; half++) {
    const whole = bytes(`f9${half.toString(16).padStart(4, "0")}`);
    const value = decode(whole, { numbers: "exact" });
    const expected = Number.isNaN(value) ? "f97e00" : hex(whole);
    assert.equal(hex(encode(value)), expected);
  }
});

test("whole floats are numbers, unless they are asked to be told apart", () => {
  assert.equal(decode(bytes("f93c00")), 1);
  assert.deepEqual(decode(bytes("f93c00"), { numbers: "exact" }), new Float(1));
  // These are floats in any case.
  for (const float of ["f98000", "f93e00", "fa5a000000", "f97e00"]) {
    assert.equal(typeof decode(bytes(float), { numbers: "exact" }), "number");
  }
});

test("integers that a number does not hold exactly are BigInts", () => {
  assert.equal(decode(bytes("1b001fffffffffffff")), Number.MAX_SAFE_INTEGER);
  assert.equal(decode(bytes("1b0020000000000000")), 2n ** 53n);
  assert.equal(decode(bytes("3b001fffffffffffff")), -(2n ** 53n));
});

test("the keys of a map are in the order of their bytes", () => {
  assert.equal(
    hex(encode({ aa: 1, b: 2, "": 3, é: 4 })),
    "a46003616202626161 0162c3a904".replace(" ", ""),
  );
  const map = new Map<unknown, unknown>([
    ["a", 0],
    [false, 0],
    [-1, 0],
    [100, 0],
    [10, 0],
    [[1], 0],
    [1.5, 0],
  ]);
  assert.equal(hex(encode(map)), "a70a00186400200061610081010 0f400f93e0000".replace(" ", ""));
});

test("a map is an object if its keys are text, and else a Map", () => {
  assert.deepEqual(decode(bytes("a1616101")), { a: 1 });
  assert.deepEqual(decode(bytes("a10101")), new Map([[1, 1]]));
  const own = decode(bytes("a1695f5f70726f746f5f5f01")) as object;
  assert.deepEqual(Object.keys(own), ["__proto__"]);
  assert.equal(Object.getPrototypeOf(own), Object.prototype);
});

test("what has no encoding is refused", () => {
  const cyclic: unknown[] = [];
  cyclic.push({ cyclic });
  const wrong: [unknown, RegExp][] = [
    [2n ** 64n, /64 bits/],
    [-(2n ** 64n) - 1n, /64 bits/],
    ["\ud83e", /surrogate/],
    [{ "\udd80": 1 }, /surrogate/],
    [cyclic, /`\[0\]\.cyclic` contains itself/],
    [
      new Map<unknown, unknown>([
        [1, 0],
        [new Float(2 ** 53), 0],
        [2 ** 53, 0],
      ]),
      /the same/,
    ],
    [
      new Map([
        [new Float(2), 0],
        [new Float(2), 0],
      ]),
      /the same/,
    ],
    [{ a: new Set([[1], 2, [1]]) }, /`a\[2\]` is one of two elements of a `Set` that are the same/],
  ];
  for (const [value, reason] of wrong) {
    assert.throws(
      () => encode(value),
      (error) => error instanceof SerializationError && reason.test(error.message),
      String(reason),
    );
  }
});

test("a value may be in several places of another", () => {
  const shared = { a: [1] };
  assert.equal(hex(encode([shared, shared])), "82a1616181 01a161618101".replace(" ", ""));
});

test("there is a limit to nesting, in both directions", () => {
  const nested = (depth: number) => `${"81".repeat(depth - 1)}80`;
  const deepest = decode(bytes(nested(MAX_DEPTH)));
  assert.equal(hex(encode(deepest)), nested(MAX_DEPTH));
  assert.throws(() => encode([deepest]), /nested/);
  const within = (value: unknown, levels: number) => {
    let nested = value;
    for (let level = 0; level < levels; level++) nested = new Set([nested]);
    return nested;
  };
  for (const innermost of [[], new Set(), new Decimal("1.10")]) {
    const most = within(innermost, MAX_DEPTH - 1);
    assert.equal(hex(encode(decode(encode(most)))), hex(encode(most)));
    assert.throws(() => encode(within(innermost, MAX_DEPTH)), /nested/);
  }
  assert.throws(() => decode(bytes(nested(MAX_DEPTH + 1))), /nested/);
  assert.throws(() => decode(bytes("81".repeat(100_000))), SerializationError);
});

test("a value of another type is refused where there is a check", () => {
  const check = (value: unknown): value is string => typeof value === "string";
  assert.equal(decode(bytes("6161"), { check }), "a");
  assert.throws(() => decode(bytes("01"), { check }), SerializationError);
});
