import assert from "node:assert/strict";
import { test } from "node:test";

import { KeyGenerationError } from "../src/errors.ts";
import { bind as bindAll, inOrder, POSITION, parametersOf, usesObject } from "../src/parameters.ts";

// biome-ignore lint/suspicious/noExplicitAny: functions of every kind
const names = (fn: (...args: any[]) => unknown) =>
  [...(parametersOf(fn)?.keys() ?? ["unseen"])].filter((name) => !POSITION.test(name));

/** Without the positions. */
const bind: typeof bindAll = (...of) =>
  Object.fromEntries(Object.entries(bindAll(...of)).filter(([name]) => !POSITION.test(name)));

/** As it is written, without what the build may do to it. */
const source = (text: string) => new Function(`return ${text}`)();

test("parameters have the names that the source gives them", () => {
  const cases: [string, string[]][] = [
    ["function f(a, b) {}", ["a", "b"]],
    ["(a, b) => a", ["a", "b"]],
    ["a => a", ["a"]],
    ["$größe_1 => 1", ["$größe_1"]],
    ["async a => a", ["a"]],
    ["() => 1", []],
    ["function () {}", []],
    ["function* g(a) {}", ["a"]],
    ["({ f(a, b) {} }).f", ["a", "b"]],
    ["(a = 1, b = { c: [2, ')'] }, d = (1, 2)) => a", ["a", "b", "d"]],
    ["(a = 'x, y', b = `),\\`(`) => a", ["a", "b"]],
    ["(a /* b, c */, // d\n e) => a", ["a", "e"]],
    ["({ a, b: c, d = 1, e: f = 2, ...rest }, g) => a", ["a", "c", "d", "f", "g"]],
    ["({ a = { x: 1, y: [2] }, b } = {}) => a", ["a", "b"]],
    ["([a, b], c) => a", ["c"]],
    ["(a, ...rest) => a", ["a"]],
    ["function f(\n  a,\n  b,\n) {}", ["a", "b"]],
  ];
  for (const [text, expected] of cases) assert.deepEqual(names(source(text)), expected, text);
});

test("values are found in a call", () => {
  const parameters = parametersOf(source("(a, { b, c: d }, e = 1) => a"));
  assert.ok(parameters);
  assert.deepEqual(bind(parameters, [1, { b: 2, c: 3 }, 4]), { a: 1, b: 2, d: 3, e: 4 });
  assert.deepEqual(bind(parameters, [1]), { a: 1, e: 1 });
  assert.deepEqual(bind(parameters, [1, null]), { a: 1, e: 1 });
});

test("a default that is a literal takes the place of what is left out", () => {
  const cases: [string, unknown[], object][] = [
    ["(page = 1) => page", [], { page: 1 }],
    ["(page = 1) => page", [undefined], { page: 1 }],
    ["(page = 1) => page", [2], { page: 2 }],
    ["(page = 1) => page", [null], { page: null }],
    ["function f(a, page = -1.5e3, end) {}", [0], { a: 0, page: -1500 }],
    [
      "(a = 0x10, b = 1_000, c = 7n, d = -7n, e = .5) => a",
      [],
      { a: 16, b: 1000, c: 7n, d: -7n, e: 0.5 },
    ],
    [
      "(a = 'x, y', b = \"it's\", c = `)`, d = '') => a",
      [],
      { a: "x, y", b: "it's", c: ")", d: "" },
    ],
    ["(a = true, b = null, c = undefined) => a", [], { a: true, b: null }],
    ["({ page = 1, size: n = 10, sort } = {}) => page", [], { page: 1, n: 10 }],
    [
      "({ page = 1, size: n = 10, sort } = {}) => page",
      [{ size: 5, sort: "a" }],
      { page: 1, n: 5, sort: "a" },
    ],
    ["({ a = { x: '}' }, page = 1 } = {}, b = 2) => page", [{ a: 0 }], { a: 0, page: 1, b: 2 }],
  ];
  for (const [text, args, expected] of cases) {
    assert.deepEqual(bind(parametersOf(source(text)) ?? new Map(), args), expected, text);
  }
});

test("an argument has a position, too, with its default", () => {
  const cases: [string, unknown[], unknown[]][] = [
    ["a => a", [1], [1]],
    ["(a, b) => a", [1, 2], [1, 2]],
    ["(a, b = 2) => a", [1], [1, 2]],
    ["(a = 1, b) => a", [undefined, 2], [1, 2]],
    ["(a, b) => a", [1, undefined], [1]],
    ["(a, b) => a", [undefined, 2], [undefined, 2]],
    ["(a, b = undefined, c = 3) => a", [1], [1, undefined, 3]],
    ["(a, ...rest) => a", [1, 2, 3], [1, 2, 3]],
    ["([a, b] = 'x', { c } = {}) => a", [], ["x", {}]],
    ["() => 1", [1, 2], [1, 2]],
    ["() => 1", [], []],
  ];
  for (const [text, args, expected] of cases) {
    const parameters = parametersOf(source(text)) ?? new Map();
    assert.deepEqual(inOrder(parameters, args), expected, text);
    const found = bindAll(parameters, args);
    for (const name of Object.keys(found).filter((name) => POSITION.test(name))) {
      assert.deepEqual(found[name], expected[Number(name)], text);
    }
  }
});

test("another default cannot be seen, so what it takes the place of is not left out", () => {
  for (const text of [
    "first",
    "1 + 1",
    "'a' + 'b'",
    "f('a')",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source
    "`${1}`",
    "'\\n'",
    "[1]",
    "{ a: 1 }",
  ]) {
    const parameters = parametersOf(source(`(page = ${text}) => page`)) ?? new Map();
    assert.deepEqual(bind(parameters, [3]), { page: 3 });
    assert.throws(() => inOrder(parameters, []), KeyGenerationError);
    const named = new Map([...parameters].filter(([name]) => name === "page"));
    assert.throws(
      () => bind(named, []),
      (error) => {
        assert.ok(error instanceof KeyGenerationError);
        return /`page` is left out, and its default .*`values`/.test(error.message);
      },
    );
  }
});

test("what the engine has cannot be seen", () => {
  assert.equal(parametersOf(Math.max), undefined);
  assert.equal(parametersOf(((a: number) => a).bind(null)), undefined);
});

test("a function that uses its object is told from one that does not", () => {
  const cases: [string, boolean][] = [
    ["(id) => id", false],
    ["(id) => this.db.load(id)", true],
    ["function (id) { return this; }", true],
    ["({ load(id) { return super.load(id); } }).load", true],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source
    ["({ load(id) { return `${this}`; } }).load", true],
    ["(id) => id /* of this */ // and this\n", false],
    ["(id) => id + \"this\" + 'this'", false],
    ["(id, thisOne, $this) => id.this + thisOne + $this", false],
  ];
  for (const [text, expected] of cases) assert.equal(usesObject(source(text)), expected, text);
});
