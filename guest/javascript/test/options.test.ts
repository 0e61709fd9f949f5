import assert from "node:assert/strict";
import { test } from "node:test";

import { ArgumentError, InvalidTtlError } from "../src/errors.ts";
import { checkOptions, checkReadOptions, type Options, type Time } from "../src/options.ts";

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
  assert.deepEqual(lookup, { tags: [], maxWait: undefined });
  assert.deepEqual(read, { numbers: "plain" });
  assert.deepEqual(checkOptions(), { entry: { tags: [] }, lookup: {}, read: {} });
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
