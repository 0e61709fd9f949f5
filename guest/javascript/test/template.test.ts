import assert from "node:assert/strict";
import * as fs from "node:fs";
import { test } from "node:test";

import { KeyGenerationError } from "../src/errors.ts";
import { Float } from "../src/float.ts";
import { key, Template } from "../src/template.ts";
import { Random } from "./random.ts";

const refused = (reason: RegExp) => (error: unknown) =>
  error instanceof KeyGenerationError && reason.test(error.message);

const KEYS = fs.readFileSync("wit/KEYS.md", "utf8");

/** The lines of the blocks of wit/KEYS.md with this name. */
const vectors = (name: string) =>
  KEYS.split("```")
    .filter((block) => block.startsWith(`${name}\n`))
    .flatMap((block) => block.trim().split("\n").slice(1));

function fromJson(json: string): unknown {
  const value = JSON.parse(json);
  if (value?.$int !== undefined) return BigInt(value.$int);
  return value?.$float === undefined ? value : new Float(Number(value.$float));
}

test("each value makes its key", () => {
  const lines = vectors("key");
  assert.ok(lines.length > 50);
  for (const line of lines) {
    const at = line.indexOf(" ");
    const value = fromJson(line.slice(at + 1));
    assert.equal(key`k:${value}`, line.slice(0, at), line);
    assert.equal(new Template("k:{value}").fill({ value }), line.slice(0, at), line);
    if (value instanceof Float) assert.equal(key`k:${value.value}`, line.slice(0, at), line);
  }
});

test("what has no key is refused", () => {
  const lines = vectors("no-key");
  assert.ok(lines.length > 2);
  for (const line of lines) {
    const value = fromJson(line);
    assert.throws(() => key`k:${value}`, KeyGenerationError);
    assert.throws(() => key`k:${Number(value)}`, KeyGenerationError);
  }
});

test("generated values that differ never make one key", () => {
  const random = new Random();
  const [below, one] = [random.below.bind(random), random.one.bind(random)];
  const value = () => {
    const number = (below(19) - 9) * one(1, 0.5, 0.1, 1e-9, 1e15, Math.PI);
    const text = one("", "a", "true", "7") + one("", ":", "%", "%3") + one("", "-", "7", "null");
    const plain = one<unknown>(null, true, false, number, BigInt(below(9)), text);
    return one<unknown>(plain, String(plain), key`${plain}`);
  };
  // A number and a `BigInt` that are equal are one value in every other language.
  const name = (value: unknown) =>
    typeof value === "string" ? JSON.stringify(value) : String(value === 0 ? 0 : value);
  const made = new Map<string, string>();
  for (let time = 0; time < 20_000; time++) {
    const [a, b] = [value(), value()];
    const [text, pair] = [key`${a}:${b}`, `${name(a)} and ${name(b)}`];
    const other = made.get(text) ?? pair;
    assert.equal(other, pair, `SEED=${random.seed}`);
    made.set(text, other);
  }
});

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
    ["{0a}", /is no value/],
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
  for (const value of [undefined, {}, [], () => 1, Symbol("s"), new Date(), "\ud800"]) {
    assert.throws(() => key`k:${value}`, KeyGenerationError);
    assert.throws(() => template.fill({ a: { b: value } }), KeyGenerationError);
  }
  assert.throws(() => key`k:${{}}`, refused(/`{user.id}`/));
  for (const values of [{}, { a: 1 }, { a: null }, { a: {} }]) {
    assert.throws(() => template.fill(values), refused(/no `a.b`/));
  }
  assert.throws(() => new Template("k:{constructor}").fill({}), refused(/constructor/));
});
