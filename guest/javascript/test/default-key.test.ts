import assert from "node:assert/strict";
import { test } from "node:test";

import { DefaultKey } from "../src/default-key.ts";
import { KeyGenerationError } from "../src/errors.ts";
import { cacheable } from "../src/index.ts";
import { moduleOf, traceWith } from "../src/trace.ts";

type AnyFunction = (...args: never[]) => unknown;

/** As the component's engine has it: a function knows where it begins. */
function at(line: number, fn: AnyFunction, column = 1): AnyFunction {
  return Object.assign(fn, { lineNumber: line, columnNumber: column });
}

test("the key has the module, the name and the arguments", () => {
  traceWith({
    files: ["shop/prices.ts", "main.js", "/elsewhere/lib.ts", "package/dist/index.js"],
    lines: "1:0:7 40:0:8,1:1:3,1:2:1,1:3:1",
  });
  function price(id: number, currency = "eur") {
    return [id, currency];
  }
  const key = new DefaultKey(at(1, price));
  assert.equal(key.of([7]), "shop.prices.price:7:eur");
  assert.equal(key.of([7, "eur"]), "shop.prices.price:7:eur");
  assert.equal(key.of(["7", "a:b"]), "shop.prices.price:%37:a%3Ab");
  assert.equal(key.of([7, null, true]), "shop.prices.price:7:null:true");
  const total = () => 1;
  assert.equal(new DefaultKey(at(2, total)).of([]), "main.total");
  assert.equal(moduleOf(at(4, () => 1)), "package.dist.index");
  assert.throws(() => key.of([{ id: 7 }]), /KeyGenerationError.*`argument 1`/);
  assert.throws(() => key.of([undefined, "eur"]), /`argument 1` is undefined/);
});

test("functions of one name in one module need a template", () => {
  traceWith({ files: ["main.js"], lines: "1:0:1,1:0:2" });
  const make = (line: number) => new DefaultKey(at(line, function load() {} as AnyFunction));
  const [first, second] = [make(1), make(2)];
  assert.equal(first.of([1]), "main.load:1");
  assert.throws(() => second.of([1]), /`load` has the name `main.load` of another.*template/);
  assert.equal(first.of([2]), "main.load:2");
});

test("a function that its name does not tell from others needs a template", () => {
  traceWith({ files: ["/elsewhere/lib.ts"], lines: "1:0:1" });
  const elsewhere = at(1, function price() {} as AnyFunction);
  assert.throws(() => new DefaultKey(elsewhere).of([]), /`price` is of a module that is not known/);
  const method = {
    load() {
      return this;
    },
  }.load;
  const wrong: [AnyFunction, RegExp][] = [
    [() => 1, /the function has no name/],
    [method, /`load` is a method/],
    [method.bind({}), /`bound load` has no source/],
    [Math.max, /`max` has no source/],
  ];
  for (const [fn, reason] of wrong) {
    assert.throws(
      () => cacheable({}, fn as () => 1),
      (error) => error instanceof KeyGenerationError && reason.test(error.message),
      String(reason),
    );
  }
});
