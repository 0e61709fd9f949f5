import assert from "node:assert/strict";
import { test } from "node:test";

import { decode, encode, MAX_DEPTH } from "../src/codec.ts";
import { SerializationError } from "../src/errors.ts";
import { Float } from "../src/float.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));

/** Values, and the only bytes that they are. */
const PAIRS: [unknown, string][] = [
  [0, "00"],
  [23, "17"],
  [24, "1818"],
  [1_000_000, "1a000f4240"],
  [-1, "20"],
  [-500, "3901f3"],
  [2 ** 53 - 1, "1b001fffffffffffff"],
  [-(2 ** 53 - 1), "3b001ffffffffffffe"],
  [2n ** 53n, "1b0020000000000000"],
  [2n ** 64n - 1n, "1bffffffffffffffff"],
  [-(2n ** 53n), "3b001fffffffffffff"],
  [-(2n ** 64n), "3bffffffffffffffff"],
  [1.5, "f93e00"],
  [0.1, "fb3fb999999999999a"],
  [100_000.5, "fa47c35040"],
  [2 ** -24, "f90001"],
  [6.103515625e-5, "f90400"],
  [1.401298464324817e-45, "fa00000001"],
  [5e-324, "fb0000000000000001"],
  [-0, "f98000"],
  [Number.NaN, "f97e00"],
  [Number.POSITIVE_INFINITY, "f97c00"],
  [Number.NEGATIVE_INFINITY, "f9fc00"],
  [2 ** 53, "fa5a000000"],
  [1e300, "fb7e37e43c8800759c"],
  [new Float(1), "f93c00"],
  [new Float(0), "f90000"],
  [new Float(65_504), "f97bff"],
  [new Float(100_000), "fa47c35000"],
  ["", "60"],
  ["IETF", "6449455446"],
  ["é水\u{10151}", "69c3a9e6b0b4f0908591"],
  ["\ufeff\0", "64efbbbf00"],
  ["x".repeat(256), `790100${"78".repeat(256)}`],
  [new Uint8Array([1, 255]), "4201ff"],
  [new Uint8Array(0), "40"],
  [null, "f6"],
  [true, "f5"],
  [false, "f4"],
  [[], "80"],
  [[1, [2, 3]], "8201820203"],
  [{}, "a0"],
  [{ a: 1, b: [2] }, "a26161016162810 2".replace(" ", "")],
  [JSON.parse('{"__proto__": 1}'), "a1695f5f70726f746f5f5f01"],
  [new Map<unknown, unknown>([[1, "one"]]), "a101636f6e65"],
];

test("a value has one encoding, the shortest there is, and comes back from it", () => {
  for (const [value, expected] of PAIRS) {
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
  assert.equal(hex(encode(7n)), "07");
  assert.equal(hex(encode(-7n)), "26");
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
  class User {
    id = 1;
  }
  const wrong: [unknown, RegExp][] = [
    [undefined, /undefined/],
    [{ a: undefined }, /undefined/],
    [[undefined], /undefined/],
    [new Array(1), /undefined/],
    [() => 1, /function/],
    [Symbol("s"), /symbol/],
    [new Date(), /Date/],
    [new Set(), /Set/],
    [/x/, /RegExp/],
    [new User(), /User/],
    [new Error("e"), /Error/],
    [Promise.resolve(), /Promise/],
    [new ArrayBuffer(1), /ArrayBuffer/],
    [new Uint16Array(1), /Uint16Array/],
    [2n ** 64n, /64 bits/],
    [-(2n ** 64n) - 1n, /64 bits/],
    ["\ud83e", /surrogate/],
    [{ "\udd80": 1 }, /surrogate/],
    [cyclic, /holds itself/],
    [
      new Map<unknown, unknown>([
        [1, 0],
        [1n, 0],
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

test("what is not one value is refused", () => {
  const wrong = [
    "", // nothing
    "ff", // an end
    "820a", // cut
    "0101", // two
    "61ff", // no UTF-8
    "62c080", // overlong
    "63eda080", // half of a pair
    "61", // cut text
    "6261", // cut text
    "42ff", // cut bytes
    "f7", // undefined
    "e0", // a simple value
    "f820", // a simple value
    "c001", // a tag
    "d9d9f7f6", // a tag
    "1c", // reserved
    "a1", // no key
    "a101", // no value
    "a201010102", // a key twice
    "9f01", // no end
    "bf01ff", // a key without a value
    "9bffffffffffffffff", // longer than can be
    "5bffffffffffffffff00",
    "7f4161ff", // bytes in a text
    "7f7f6161ffff", // pieces in pieces
    "7f6161", // no end
    "1f", // an integer without end
    "f81f", // a simple value
    "ff01",
    "1b00", // a cut integer
    "fb00", // a cut float
  ];
  for (const text of wrong) {
    assert.throws(() => decode(bytes(text)), SerializationError, text);
  }
});

test("strings, arrays and maps whose end is marked are read", () => {
  assert.equal(decode(bytes("7f6261626163ff")), "abc");
  // A character may be in two pieces.
  assert.equal(decode(bytes("7f61c361a9ff")), "é");
  assert.deepEqual(decode(bytes("5f4101420203ff")), new Uint8Array([1, 2, 3]));
  assert.deepEqual(decode(bytes("5fff")), new Uint8Array(0));
  assert.deepEqual(decode(bytes("9f01820203ff")), [1, [2, 3]]);
  assert.deepEqual(decode(bytes("bf61619fffff")), { a: [] });
});

test("there is a limit to nesting, in both directions", () => {
  const nested = (depth: number) => `${"81".repeat(depth - 1)}80`;
  const deepest = decode(bytes(nested(MAX_DEPTH)));
  assert.equal(hex(encode(deepest)), nested(MAX_DEPTH));
  assert.throws(() => encode([deepest]), /nested/);
  assert.throws(() => decode(bytes(nested(MAX_DEPTH + 1))), /nested/);
  assert.throws(() => decode(bytes("81".repeat(100_000))), SerializationError);
});

test("a value of another type is refused where there is a check", () => {
  const check = (value: unknown): value is string => typeof value === "string";
  assert.equal(decode(bytes("6161"), { check }), "a");
  assert.throws(() => decode(bytes("01"), { check }), SerializationError);
});
