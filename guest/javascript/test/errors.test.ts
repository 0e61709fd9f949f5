import assert from "node:assert/strict";
import { test } from "node:test";

import { ArgumentError, CacheError, fromHost, type HostFailure } from "../src/errors.ts";
import * as raw from "../src/raw.ts";

test("every failure of the contract has a class, whose kind is its name", () => {
  const failures: HostFailure[] = [
    { tag: "invalid-ttl" },
    { tag: "invalid-key", val: "a key is empty" },
    { tag: "value-too-large", val: 7 },
    { tag: "lock-timeout" },
    { tag: "lease-held" },
    { tag: "unavailable" },
    { tag: "operation-failed" },
    { tag: "denied" },
    { tag: "quota-exceeded" },
  ];
  const errors = failures.map(fromHost);
  for (const [index, error] of errors.entries()) {
    assert.ok(error instanceof CacheError && error instanceof Error);
    assert.equal(error.kind, failures[index]?.tag);
    assert.match(error.name, /^[A-Z]\w+Error$/);
  }
  assert.equal(new Set(errors.map((error) => error.constructor)).size, failures.length);
  assert.equal(errors[1]?.message, "invalid key: a key is empty");
  assert.equal((errors[2] as { limit?: number }).limit, 7);
});

test("a message says which limit it is, and which option changes it", () => {
  const message = (tag: "invalid-ttl" | "denied" | "quota-exceeded") => fromHost({ tag }).message;
  assert.equal(message("invalid-ttl"), "invalid time to live: it is longer than the host allows");
  assert.match(message("quota-exceeded"), /leases.*--max-leases/);
  assert.match(message("denied"), /only read.*--read-only/);
});

test("the contract in bytes tells times apart, too", () => {
  const wrong: [raw.EntryOptions, RegExp][] = [
    [{ ttl: 0 }, /InvalidTtlError: .*`ttl` is zero/],
    [{ freshFor: 0 }, /InvalidTtlError: .*`freshFor` is zero/],
    [{ ttl: 1, freshFor: 2 }, /InvalidTtlError: .*`freshFor` is longer than `ttl`/],
    [{ ttl: -1 }, /ArgumentError: .*negative/],
    [{ ttl: 1.5 }, /ArgumentError: .*whole number/],
  ];
  for (const [options, reason] of wrong) {
    assert.throws(() => raw.set("k", new Uint8Array(1), options), reason);
  }
});

test("a mistake in the program is a TypeError, and no failure of the cache", () => {
  const error = new ArgumentError("no");
  assert.ok(error instanceof TypeError && !((error as Error) instanceof CacheError));
  assert.equal(String(error), "ArgumentError: no");
});
