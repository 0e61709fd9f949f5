import assert from "node:assert/strict";
import { test } from "node:test";

import type { HostError } from "spakky:cache/types@0.2.0";

import { ArgumentError, CacheError, fromHost } from "../src/errors.ts";
import * as raw from "../src/raw.ts";

test("every failure of the contract has a class, whose kind is its name", () => {
  const failures: [HostError, object, string][] = [
    [
      { tag: "invalid-ttl", val: "`ttl` is longer than 10 years" },
      { reason: "`ttl` is longer than 10 years" },
      "invalid time to live: `ttl` is longer than 10 years",
    ],
    [
      { tag: "invalid-key", val: "a key is empty" },
      { reason: "a key is empty" },
      "invalid key: a key is empty",
    ],
    [
      { tag: "value-too-large", val: 7 },
      { limit: 7 },
      "the value is too large: the limit is 7 bytes",
    ],
    [{ tag: "lock-timeout" }, {}, "another caller is still loading this key"],
    [{ tag: "lease-held" }, {}, "this component holds the lease of this key itself"],
    [
      { tag: "load-failed", val: 1500 },
      { retryAfter: 1.5 },
      "the last load of this key failed, and is not repeated for 1.5 s",
    ],
    [{ tag: "unavailable" }, {}, "the cache cannot be reached"],
    [{ tag: "operation-failed" }, {}, "the cache's backend answered with a failure"],
    [{ tag: "denied" }, {}, "the component may only read (its host's --read-only)"],
    [
      { tag: "quota-exceeded", val: "3 leases at once" },
      { reason: "3 leases at once" },
      "quota exceeded: 3 leases at once",
    ],
    [
      { tag: "unsupported", val: "`describe`" },
      { reason: "`describe`" },
      "not supported by the host: `describe`",
    ],
  ];
  const classes = failures.map(([failure, fields, message]) => {
    const error = fromHost(failure);
    assert.ok(error instanceof CacheError && error instanceof Error);
    assert.equal(error.kind, failure.tag);
    assert.match(error.name, /^[A-Z]\w+Error$/);
    assert.equal(error.message, message);
    for (const [name, value] of Object.entries(fields)) {
      assert.equal((error as unknown as Record<string, unknown>)[name], value);
    }
    return error.constructor;
  });
  assert.equal(new Set(classes).size, failures.length);
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
