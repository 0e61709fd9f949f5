import assert from "node:assert/strict";
import { test } from "node:test";

import { decodeText, encodeText, engine, isWellFormed } from "../src/text.ts";

// What the component's engine has, and Node has not yet.
Object.assign(Uint8Array, {
  fromBase64: (text: string) => new Uint8Array(Buffer.from(text, "base64")),
});
Object.assign(Uint8Array.prototype, {
  toBase64(this: Uint8Array) {
    return Buffer.from(this).toString("base64");
  },
});

const TEXTS = [
  "",
  "a",
  "naïve",
  "日本語 \u{1f980}\0\ufeff\uffff",
  "%C3 +/=",
  "x".repeat(1023),
  "x".repeat(1024),
  `${"x".repeat(5000)}é`,
  `é${"x".repeat(5000)}`,
];

test("the component's engine comes to the same as the standard", () => {
  for (const text of TEXTS) {
    const bytes = new Uint8Array(Buffer.from(text));
    assert.deepEqual(encodeText(text), bytes);
    assert.equal(decodeText(bytes), text);
    assert.deepEqual(engine.encode(text), bytes);
    assert.equal(engine.decode(bytes), text);
  }
});

test("what is not UTF-8 is no text", () => {
  for (const hex of ["ff", "c080", "eda080", "e282", "f5808080", "f0808080", "80", "61c3"]) {
    const bytes = new Uint8Array(Buffer.from(hex, "hex"));
    assert.equal(decodeText(bytes), undefined, hex);
    assert.throws(() => engine.decode(bytes), hex);
  }
});

test("half of a surrogate pair has no UTF-8", () => {
  for (const text of ["\ud83e", "\udd80", "a\udd80\ud83e"]) {
    assert.equal(isWellFormed(text), false);
    assert.equal(encodeText(text), undefined);
  }
  assert.equal(isWellFormed("\ud83e\udd80"), true);
});
