import assert from "node:assert/strict";
import { test } from "node:test";

import { ArgumentError, InvalidTtlError } from "../src/errors.ts";
import {
  checkBoth,
  checkOptions,
  checkReadOptions,
  type Options,
  type Time,
} from "../src/options.ts";

const ttl = (time: Time) => checkOptions({ ttl: time }).entry.ttl;

test("seconds may have a fraction, and are rounded up to whole milliseconds", () => {
  const cases: [Time, number][] = [
    [1, 1_000],
    [0.001, 1],
    [0.0015, 2],
    [0.25, 250],
    [1.1, 1_100],
    [4.35, 4_350],
    [60.0001, 60_001],
    [316_224_000, 316_224_000_000],
  ];
  for (const [time, expected] of cases) assert.equal(ttl(time), expected, `${time}`);
});

test("a time may be the sum of its parts", () => {
  assert.equal(ttl({ minutes: 5 }), 300_000);
  assert.equal(ttl({ milliseconds: 1 }), 1);
  assert.equal(ttl({ milliseconds: 1.5 }), 2);
  const parts = { days: 1, hours: 2, minutes: 3, seconds: 4, milliseconds: 5 };
  assert.equal(ttl(parts), 93_784_005);
});

test("without options an entry stays, and a lookup waits as long as the host allows", () => {
  const { entry, lookup, read } = checkOptions({});
  assert.deepEqual(entry, { ttl: undefined, freshFor: undefined, tags: [] });
  assert.deepEqual(lookup, { tags: [], maxWait: undefined, strict: false });
  assert.deepEqual(read, { numbers: "plain" });
  const rest = { staleIfError: true, retryAfter: undefined };
  assert.deepEqual(checkOptions(), {
    entry: { tags: [] },
    lookup: {},
    read: {},
    write: {},
    ...rest,
  });
});

test("impossible times are refused", () => {
  const times: Time[] = [
    0,
    -0,
    -1,
    0.0001,
    0.000999,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    1e300,
    {},
    { minutes: -1 },
    { seconds: Number.NaN },
    { days: 1e12 },
  ];
  for (const time of times) {
    assert.throws(() => checkOptions({ ttl: time }), InvalidTtlError, JSON.stringify(time));
    assert.throws(() => checkOptions({ freshFor: time }), InvalidTtlError, JSON.stringify(time));
  }
  assert.throws(() => checkOptions({ ttl: 1, freshFor: 1.001 }), InvalidTtlError);
  assert.equal(checkOptions({ ttl: 1, freshFor: 1 }).entry.freshFor, 1_000);
  assert.equal(checkOptions({ freshFor: 1 }).entry.freshFor, 1_000);
});

test("what is wrong with a time is said", () => {
  const wrong: [Time, RegExp][] = [
    [0, /`ttl` is zero/],
    [{ minutes: 0 }, /`ttl` is zero/],
    [-1, /`ttl` is negative/],
    [{ minutes: 1, seconds: -61 }, /`ttl` is negative/],
    [0.0001, /`ttl` is shorter than a millisecond/],
    [Number.NaN, /`ttl` is not a number/],
    [Number.POSITIVE_INFINITY, /`ttl` is too long/],
    [{ days: 1e12 }, /`ttl` is too long/],
  ];
  for (const [time, reason] of wrong) {
    assert.throws(() => checkOptions({ ttl: time }), { message: reason });
    assert.throws(() => checkOptions({ ttl: time }), InvalidTtlError);
  }
  assert.throws(() => checkOptions({ freshFor: 0 }), /`freshFor` is zero/);
  assert.throws(() => checkOptions({ retryAfter: 0 }), /`retryAfter` is zero/);
  assert.throws(() => checkOptions({ ttl: 1, freshFor: 2 }), /`freshFor` is longer than `ttl`/);
  assert.throws(() => checkOptions({ maxWait: -1 }), /`maxWait` is negative/);
});

test("of the options `encode` and `decode`, one needs the other where both are used", () => {
  const one = { encode: () => 1 };
  assert.equal(checkOptions(one).write.encode, one.encode);
  assert.throws(() => checkBoth(one), ArgumentError);
  assert.throws(() => checkBoth({ decode: () => 1 }), ArgumentError);
  assert.equal(checkBoth({ ...one, decode: () => 1 }).write.encode, one.encode);
  assert.throws(() => checkOptions({ encode: 1 } as object), /`encode` is no function/);
  assert.throws(() => checkOptions({ check: async () => true } as object), /`check` is async/);
});

test("what a load does about failures comes from its options", () => {
  const { staleIfError, retryAfter, lookup } = checkOptions({
    staleIfError: false,
    retryAfter: { minutes: 1 },
    strict: true,
  });
  assert.deepEqual([staleIfError, retryAfter, lookup.strict], [false, 60_000, true]);
});

test("a wait may be zero and is never too long", () => {
  const wait = (maxWait: Time) => checkOptions({ maxWait }).lookup.maxWait;
  assert.equal(wait(0), 0);
  assert.equal(wait(0.0001), 1);
  assert.equal(wait({ milliseconds: 2 ** 70 }), Number.MAX_SAFE_INTEGER);
  assert.equal(wait(Number.POSITIVE_INFINITY), Number.MAX_SAFE_INTEGER);
  assert.throws(() => wait(-1), ArgumentError);
  assert.throws(() => wait(Number.NaN), ArgumentError);
});

test("what is no option is refused by its name", () => {
  const wrong: [unknown, RegExp][] = [
    [null, /no object/],
    [300, /no object/],
    [[], /no object/],
    [{ tll: 5 }, /`tll`.*`ttl`/],
    [{ ttl: "5m" }, /`ttl` is no time: a number of seconds/],
    [{ ttl: { minute: 5 } }, /`minute`.*`minutes`/],
    [{ ttl: { minutes: "5" } }, /`minutes` of `ttl`/],
    [{ tags: "t" }, /`tags`/],
    [{ check: 1 }, /`check`/],
    [{ strict: 1 }, /`strict`/],
    [{ staleIfError: "no" }, /`staleIfError`/],
    [{ retryAfter: "1s" }, /`retryAfter`/],
    [{ numbers: 1 }, /`numbers`/],
  ];
  for (const [options, reason] of wrong) {
    assert.throws(
      () => checkOptions(options as Options),
      (error) => error instanceof ArgumentError && reason.test(error.message),
      JSON.stringify(options),
    );
  }
  assert.throws(() => checkReadOptions({ ttl: 5 } as object), /`ttl`.*`check`, `numbers`/);
});
