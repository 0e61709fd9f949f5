import assert from "node:assert/strict";
import { test } from "node:test";

import { decode, encode } from "spakky-cache";

import { fromJson, type Json, toJson } from "../values.ts";

// What the component's engine has, and Node has not yet.
Object.assign(Uint8Array, {
  fromHex(text: string) {
    if (!/^([0-9a-f]{2})*$/i.test(text)) throw new SyntaxError("not hexadecimal");
    return new Uint8Array(Buffer.from(text, "hex"));
  },
});
Object.assign(Uint8Array.prototype, {
  toHex(this: Uint8Array) {
    return Buffer.from(this).toString("hex");
  },
});

test("a value comes back as it was written", () => {
  const values: Json[] = [
    null,
    true,
    0,
    -7,
    9_007_199_254_740_991,
    { $int: "18446744073709551615" },
    { $int: "-18446744073709551616" },
    1.5,
    { $float: "1" },
    { $float: "-0" },
    { $float: "1e+300" },
    { $float: "NaN" },
    { $float: "Infinity" },
    { $float: "-Infinity" },
    "text, \u{1f980} and \0",
    { $hex: "00ff" },
    [[], {}, [null]],
    { a: { b: [1, { $hex: "" }] } },
    {
      $map: [
        [1, "one"],
        [{ $hex: "02" }, "two"],
      ],
    },
    { $map: [["$key", 1]] },
  ];
  for (const value of values) {
    assert.deepEqual(toJson(decode(encode(fromJson(value)), { numbers: "exact" })), value);
  }
});

test("what is no value is refused", () => {
  const wrong: Json[] = [
    { $hex: "0" },
    { $hex: "0g" },
    { $float: 1 },
    { $float: "one" },
    { $float: "" },
    { $int: "1.5" },
    { $map: [[1]] },
    { $other: 1 },
    { $hex: "00", more: 1 },
  ];
  for (const json of wrong) {
    assert.throws(() => fromJson(json), { kind: "protocol" }, JSON.stringify(json));
  }
  assert.throws(() => encode(fromJson({ $int: "18446744073709551616" })), {
    kind: "serialization",
  });
  assert.throws(() => encode(fromJson({ $unencodable: true })), { kind: "serialization" });
});
