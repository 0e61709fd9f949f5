import assert from "node:assert/strict";
import { test } from "node:test";

import { decode, encode } from "../src/codec.ts";
import { Decimal } from "../src/decimal.ts";
import { SerializationError } from "../src/errors.ts";
import { Float } from "../src/float.ts";
import { Uuid } from "../src/uuid.ts";
import { compare } from "../src/writer.ts";
import { Random } from "./random.ts";

const random = new Random();
const { below, one, some } = {
  below: random.below.bind(random),
  one: random.one.bind(random),
  some: random.some.bind(random),
};

const bits = new DataView(new ArrayBuffer(8));

function number(): number {
  bits.setUint32(0, below(2 ** 32));
  bits.setUint32(4, below(2 ** 32));
  const special = one(0, -0, Number.NaN, Infinity, -Infinity, 2 ** 53, -(2 ** 53), 1e308, 5e-324);
  const whole = one(1, -1) * Math.floor(2 ** below(54) - below(2));
  return one(special, whole, bits.getFloat64(0), bits.getFloat32(0), below(100) / 4);
}

const NAMES = ["a", "b", "é", "", "0", "10", "__proto__", "constructor", "toString", "toJSON"];
const text = () => one("", "a", "naïve", "\0", "\u{1f980}", one(...NAMES), "x".repeat(below(300)));
const bigint = () => one(2n ** 53n, -(2n ** 53n), 2n ** 64n - 1n, -(2n ** 64n)) / BigInt(1);
const bytes = () => Uint8Array.from(some(30, () => below(256)));

const tagged = () =>
  one<unknown>(
    new Date(below(2) === 0 ? below(2 ** 32) * 1000 - 62_135_596_800_000 : below(2 ** 32)),
    new Uuid(Uint8Array.from({ length: 16 }, () => below(256))),
    new Decimal(one(bigint(), BigInt(below(1000) - 500)), below(40) - 20),
  );

/** What reads as one key with another in the same map is not chosen twice. */
const KEYS: unknown[] = [null, true, -1, 1.5, "a", "1", 2n ** 60n, Number.NaN];

/** A value, and what it is when it comes back: the same, without fields that are undefined. */
function value(depth: number): [unknown, unknown] {
  const kind = depth === 0 ? below(7) : below(11);
  switch (kind) {
    case 0:
      return same(one(null, true, false));
    case 1:
    case 2:
      return same(number());
    case 3:
      return same(text());
    case 4:
      return same(bigint());
    case 5:
      return same(bytes());
    case 6:
      return same(tagged());
    case 7: {
      const items = some(5, () => value(depth - 1));
      return [items.map(([item]) => item), items.map(([, item]) => item)];
    }
    case 8: {
      // An element of a set has one encoding, whatever its order is in an object.
      const items = some(5, () => value(depth - 1));
      const by = new Map(items.map((item) => [String(encode(item[0])), item]));
      const stored = [...by.values()].map(([item]) => item);
      const sorted = [...by.values()].sort(([a], [b]) => compare(encode(a), encode(b)));
      return [new Set(stored), new Set(sorted.map(([, item]) => item))];
    }
    case 9: {
      const pairs = KEYS.filter((key) => key === null || below(2) === 0);
      const entries = pairs.map((key) => [key, ...value(depth - 1)] as const);
      const sorted = decode(encode(new Map(pairs.map((key) => [key, 0])))) as Map<unknown, 0>;
      const by = new Map(entries.map(([key, , back]) => [key, back]));
      return [
        new Map(entries.map(([key, item]) => [key, item])),
        new Map([...sorted.keys()].map((key) => [key, by.get(key)])),
      ];
    }
    default: {
      const names = new Set(some(5, () => one(...NAMES)));
      const fields = [...names].map((name) => [name, ...value(depth - 1)] as const);
      const there = Object.fromEntries(fields.map(([name, item]) => [name, item]));
      if (below(3) === 0) there.undefined = undefined;
      return [there, Object.fromEntries(fields.map(([name, , back]) => [name, back]))];
    }
  }
}

function same<T>(value: T): [T, T] {
  return [value, value];
}

test("a generated value comes back as it was stored", () => {
  for (let time = 0; time < 5_000; time++) {
    const [stored, expected] = value(4);
    const back = decode(encode(stored));
    assert.deepStrictEqual(back, expected, `SEED=${random.seed}`);
    assert.deepStrictEqual(decode(encode(back)), back, `SEED=${random.seed}`);
    // What UUIDs and decimals hold, an assertion does not see.
    assert.deepEqual(encode(back), encode(expected), `SEED=${random.seed}`);
  }
});

class Order {
  id = 1;
}
class Orders extends Array<number> {}
class Index extends Map<number, number> {}
class Bytes extends Uint8Array {}

/** What would not come back as it is, and what the refusal names. */
const UNSTORABLE: [() => unknown, RegExp][] = [
  [() => Symbol("s"), /symbol/],
  [() => () => 1, /function/],
  [() => new Date(Number.NaN), /`Date` that is invalid.*null/],
  [() => new Date("+010000-01-01T00:00:00Z"), /outside of the years/],
  [() => new Date("0000-12-31T23:59:59.999Z"), /outside of the years/],
  [() => new (class Day extends Date {})(), /instance of Day.*toISOString.*`encode`/],
  [() => Object.assign(new Date(0), { zone: "UTC" }), /`Date` with a field/],
  [() => new (class Tags extends Set {})(), /instance of Tags.*array/],
  [() => Object.assign(new Set(), { total: 1 }), /`Set` with a field/],
  [() => new Decimal(2n ** 64n, 0), /more than 64 bits/],
  [() => new Map(), /Map.*as an object.*Object\.fromEntries/],
  [() => new Map([["a", 1]]), /Map.*as an object/],
  [() => 7n, /bigint.*as a number.*Number\(value\)/],
  [() => -(2n ** 53n) + 1n, /bigint.*as a number/],
  [() => 2n ** 64n, /more than 64 bits/],
  [() => new Order(), /instance of Order.*plain object/],
  [() => new Orders(1, 2), /instance of Orders/],
  [() => new Index([[1, 1]]), /instance of Index/],
  [() => new Bytes(1), /instance of Bytes/],
  [() => Buffer.from("a"), /instance of Buffer/],
  [() => new Error("e"), /Error.*message/],
  [() => new TypeError("e"), /TypeError.*message/],
  [() => /x/, /RegExp/],
  [() => new ArrayBuffer(1), /ArrayBuffer/],
  [() => new DataView(new ArrayBuffer(1)), /DataView/],
  [() => new Float64Array(1), /Float64Array/],
  [() => new Uint8ClampedArray(1), /Uint8ClampedArray/],
  [() => new WeakMap(), /WeakMap/],
  [() => Promise.resolve(1), /Promise/],
  [() => Object(1), /Number/],
  [() => Object("a"), /String/],
  [() => Object.create({ inherited: 1 }), /instance of/],
  [() => [1].values(), /instance of/],
  [() => ({ [Symbol("s")]: 1 }), /symbol or a hidden field/],
  [() => Object.defineProperty({}, "hidden", { value: 1 }), /hidden field/],
  [() => Math, /hidden field/],
  [new Function("return arguments") as () => unknown, /hidden field/],
  [() => /(?<x>a)/.exec("a"), /array with a field/],
  [() => Object.assign([1], { total: 1 }), /array with a field/],
  [() => [[1], Array(2)][1], /a hole/],
  [() => Object.assign(new Map([[1, 1]]), { total: 1 }), /`Map` with a field/],
  [() => "\ud800", /surrogate/],
];

test("what would not come back as it is is refused, by its path, with what to store", () => {
  for (const [make, reason] of UNSTORABLE) {
    let inner = make();
    let path = "";
    for (let level = below(5); level > 0; level--) {
      const before = some(3, () => value(1)[0]);
      if (below(2) === 0) {
        inner = [...before, inner];
        path = `[${before.length}]${path}`;
      } else {
        inner = { before, lines: inner };
        path = `.lines${path}`;
      }
    }
    assert.throws(
      () => encode(inner),
      (error) => {
        assert.ok(error instanceof SerializationError);
        assert.match(error.message, reason, `SEED=${random.seed}`);
        path = path.replace(/^\./, "");
        const where = path === "" ? "value: it is" : `value: \`${path}\` is`;
        assert.ok(
          error.message.includes(where),
          `SEED=${random.seed}: ${error.message} at ${path}`,
        );
        return true;
      },
      `SEED=${random.seed}: ${reason} at ${path}`,
    );
  }
});

test("undefined is left out of an object, and refused anywhere else", () => {
  assert.deepEqual(decode(encode({ a: undefined, b: { c: undefined, d: 1 } })), { b: { d: 1 } });
  for (const [wrong, path] of [
    [undefined, "it"],
    [[1, undefined], "`[1]`"],
    [{ a: [undefined] }, "`a[0]`"],
    [new Map([[1, undefined]]), "`[1]`"],
  ]) {
    assert.throws(() => encode(wrong), {
      message: `cannot encode the value: ${path} is undefined: store null`,
    });
  }
});

test("a getter is read once, and an object without a prototype comes back with one", () => {
  let times = 0;
  const counted = {
    get count() {
      times += 1;
      return times;
    },
  };
  assert.deepEqual(decode(encode(counted)), { count: 1 });
  assert.equal(times, 1);
  const bare = Object.assign(Object.create(null), { a: 1 });
  assert.deepStrictEqual(decode(encode(bare)), { a: 1 });
});

test("a value of a type of one's own is stored by its options", () => {
  const encodeOrder = (order: Order) => order.id;
  const decodeOrder = (stored: unknown) => Object.assign(new Order(), { id: stored });
  const bytes = encode(new Order(), { encode: encodeOrder as (value: unknown) => number });
  assert.deepEqual(decode(bytes), 1);
  assert.deepEqual(decode(bytes, { decode: decodeOrder }), new Order());
  const check = (value: unknown): value is Order => value instanceof Order;
  assert.deepEqual(decode(bytes, { decode: decodeOrder, check }), new Order());
  assert.throws(() => decode(bytes, { check }), /of another type/);
});

test("what a program's own encoding throws is the cause of the refusal", () => {
  const cause = new Error("no");
  const fail = () => {
    throw cause;
  };
  for (const call of [
    () => encode(1, { encode: fail }),
    () => decode(new Uint8Array([1]), { decode: fail }),
  ]) {
    assert.throws(call, (error) => {
      return error instanceof SerializationError && error.cause === cause;
    });
  }
  assert.throws(() => encode(1, { encode: () => new Order() }), /Order/);
});

test("a value that `check` would refuse later is not stored", () => {
  const check = (value: unknown): value is string => typeof value === "string";
  assert.throws(() => encode(1, { check }), /`check` refuses it/);
  assert.equal(decode(encode("a", { check }), { check }), "a");
});

test("a float is stored as one, and reads as a number unless it is asked for", () => {
  assert.equal(decode(encode(new Float(1))), 1);
  assert.deepEqual(decode(encode(new Float(1)), { numbers: "exact" }), new Float(1));
});
