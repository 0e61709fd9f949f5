import assert from "node:assert/strict";
import { test } from "node:test";

import { KeyGenerationError } from "../src/errors.ts";
import { key, Template } from "../src/template.ts";

const refused = (reason: RegExp) => (error: unknown) =>
  error instanceof KeyGenerationError && reason.test(error.message);

test("values are escaped and text is not", () => {
  assert.equal(key`p:${"a:b"}:${"100%"}`, "p:a%3Ab:100%25");
  assert.equal(new Template("p:{a}:{b}").fill({ a: "a:b", b: "100%" }), "p:a%3Ab:100%25");
});

test("different values make different keys", () => {
  const pairs = [
    ["a", "b:c"],
    ["a:b", "c"],
    ["a%3Ab", "c"],
    ["a%", "3Ab:c"],
    ["", "a:b:c"],
    ["a", ""],
  ];
  const template = new Template("{x}:{y}");
  const keys = new Set(pairs.map(([x, y]) => template.fill({ x, y })));
  assert.equal(keys.size, pairs.length);
  assert.deepEqual(new Set(pairs.map(([x, y]) => key`${x}:${y}`)), keys);
});

test("a template has names, fields of them, and braces", () => {
  const template = new Template("{{u}}:{user.id}:{ user.names.0 }:{flag}:{größe}");
  const user = { id: 7n, names: ["ann"] };
  assert.equal(template.fill({ user, flag: true, größe: 1.5 }), "{u}:7:ann:true:1.5");
  assert.deepEqual(template.names, ["user", "user", "flag", "größe"]);
});

test("a wrong template is refused with its reason", () => {
  const wrong: [string, RegExp][] = [
    ["", /empty/],
    ["a{", /without its `}`/],
    ["a}", /without its `{`/],
    ["{a{b}}", /without its `}`/],
    ["{}", /is no value/],
    ["{0}", /is no value/],
    ["{a + b}", /is no value/],
    ["{a.}", /is no value/],
    ["{a}{b}", /no `:` between/],
    ["{a}-{b.c}", /no `:` between `{b.c}`/],
  ];
  for (const [source, reason] of wrong) {
    assert.throws(() => new Template(source), refused(reason), source);
  }
  assert.throws(() => key`${1}${2}`, refused(/no `:` between value 1 and value 2/));
});

test("what is no part of a key is refused", () => {
  const template = new Template("k:{a.b}");
  for (const value of [undefined, null, {}, [], () => 1, Symbol("s"), new Date(), "\ud800"]) {
    assert.throws(() => key`k:${value}`, KeyGenerationError);
    assert.throws(() => template.fill({ a: { b: value } }), KeyGenerationError);
  }
  for (const values of [{}, { a: 1 }, { a: null }, { a: {} }]) {
    assert.throws(() => template.fill(values), refused(/no `a.b`/));
  }
  assert.throws(() => new Template("k:{constructor}").fill({}), refused(/constructor/));
});
