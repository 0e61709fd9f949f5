import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { decode, encode } from "../src/codec.ts";
import { ArgumentError, UnavailableError, ValueTooLargeError } from "../src/errors.ts";
import { load, now, type Outcome, type Steps } from "../src/load.ts";
import { doNotStore, loaded } from "../src/loaded.ts";
import { checkBoth, type Options } from "../src/options.ts";
import type * as raw from "../src/raw.ts";

// The steps are played with answers of every kind; scenarios play them on a host.

const isText = (value: unknown): value is string => typeof value === "string";
const failure = new Error("the origin is down");
const fail = () => {
  throw failure;
};

/** What a lookup answers. */
type Answer = (lease: raw.Lease) => raw.Lookup;
const entry = (value: unknown, version: number) => ({ value: encode(value), version, age: 1500 });
const hit =
  (value: unknown, version = 1): Answer =>
  () => ({ result: "hit", ...entry(value, version) });
const stale =
  (value: unknown, version = 1, fresh = false): Answer =>
  (lease) => ({ result: "stale", ...entry(value, version), fresh, lease });
const refreshedElsewhere =
  (value: unknown, version = 1): Answer =>
  () => ({ result: "stale", ...entry(value, version), fresh: false, lease: undefined });
const miss: Answer = (lease) => ({ result: "miss", lease });
const pass: Answer = () => ({ result: "pass" });

interface Host {
  /** What is asked of it, in order. */
  readonly calls: unknown[];
  readonly lookups: Answer[];
  /** What it throws, by the name of the call. */
  readonly failures?: Record<string, Error>;
  readonly commits?: boolean;
}

function loading(
  host: Host,
  loader: () => unknown,
  options: Options = {},
): Steps<Outcome<unknown>> {
  const asked =
    (name: string, answer: boolean) =>
    (...args: unknown[]): boolean => {
      host.calls.push([name, ...args]);
      if (host.failures?.[name]) throw host.failures[name];
      return answer;
    };
  const commit = asked("commit", host.commits ?? true);
  const lease = {
    commit: (bytes: Uint8Array, options: raw.EntryOptions) => commit(decode(bytes), options),
    pass: asked("pass", true),
    fail: asked("fail", true),
    [Symbol.dispose]: asked("drop", true),
  } as unknown as raw.Lease;
  const find = (_key: string, { unless }: raw.LookupOptions) => {
    host.calls.push(unless === undefined ? ["lookup"] : ["lookup", unless]);
    return host.lookups.shift()?.(lease);
  };
  const run = () => {
    host.calls.push(["loader"]);
    return loader();
  };
  return load({ ...checkBoth(options), key: "k", find, loader: run });
}

/** The outcome of a load, and what it asked of the host. */
function play(lookups: Answer[], loader: () => unknown, more: Partial<Host & Options> = {}) {
  const { failures = {}, commits = true, ...options } = more;
  const host: Host = { calls: [], lookups, failures, commits };
  const outcome = silently(() => now(loading(host, loader, options)));
  return { outcome, calls: host.calls.map((call) => (call as unknown[])[0]), all: host.calls };
}

function thrown(lookups: Answer[], loader: () => unknown, more: Partial<Host & Options> = {}) {
  const host: Host = { calls: [], lookups, ...more };
  const { failures: _, commits: __, ...options } = more;
  try {
    silently(() => now(loading(host, loader, options)));
  } catch (error) {
    return { error, calls: host.calls.map((call) => (call as unknown[])[0]), all: host.calls };
  }
  throw new Error("it did not fail");
}

/** Without what goes to the console. */
function silently<R>(call: () => R): R {
  const warn = mock.method(console, "warn", () => {});
  try {
    return call();
  } finally {
    warn.mock.restore();
  }
}

test("a fresh entry is a hit, with its age and version", () => {
  const { outcome, calls } = play([hit("a", 7)], fail);
  assert.deepEqual(outcome, { value: "a", source: "hit", stored: false, age: 1.5, version: 7 });
  assert.deepEqual(calls, ["lookup"]);
});

test("a miss is loaded and stored, and its lease is freed", () => {
  const { outcome, all } = play([miss], () => "a", { ttl: 60, tags: ["t"] });
  assert.deepEqual(outcome, { value: "a", source: "loaded", stored: true });
  assert.deepEqual(all, [
    ["lookup"],
    ["loader"],
    ["commit", "a", { ttl: 60_000, freshFor: undefined, tags: ["t"] }],
    ["drop"],
  ]);
});

test("a value whose key changed meanwhile is returned, and not stored", () => {
  const { outcome } = play([miss], () => "a", { commits: false });
  assert.deepEqual(outcome, { value: "a", source: "loaded", stored: false });
});

test("without a lease the loader runs, and nothing is stored", () => {
  const { outcome, calls } = play([pass], () => loaded("a", { ttl: 1 }));
  assert.deepEqual(outcome, { value: "a", source: "passed", stored: false });
  assert.deepEqual(calls, ["lookup", "loader"]);
});

test("a stale entry that another caller refreshes is served", () => {
  const { outcome } = play([refreshedElsewhere("a")], fail);
  assert.deepEqual(outcome, { value: "a", source: "stale", stored: false, age: 1.5, version: 1 });
});

test("what the loader throws comes back unchanged, and the lease is freed", () => {
  const { error, calls } = thrown([miss], fail);
  assert.equal(error, failure);
  assert.deepEqual(calls, ["lookup", "loader", "drop"]);
});

test("an entry that cannot be decoded is looked up again, unless it is that one", () => {
  const options = { check: isText };
  const { outcome, all } = play([hit(1, 7), stale(1, 7, true)], () => "a", options);
  assert.deepEqual(outcome, { value: "a", source: "loaded", stored: true });
  assert.deepEqual(
    all.map((call) => (call as unknown[]).slice(0, 2)),
    [["lookup"], ["lookup", 7], ["loader"], ["commit", "a"], ["drop"]],
  );
  for (const second of [miss, pass]) {
    const { outcome, calls } = play([hit(1, 7), second], () => "a", options);
    assert.equal(outcome.value, "a");
    assert.equal(calls.filter((call) => call === "lookup").length, 2);
  }
  assert.equal(play([hit(1, 7), hit("b", 8)], fail, options).outcome.value, "b");
});

test("an entry that cannot be decoded again is left as it is, and the loader's value returned", () => {
  for (const second of [hit(2, 8), refreshedElsewhere(1, 7)]) {
    const { outcome, calls } = play([hit(1, 7), second], () => "a", { check: isText });
    const { error, ...rest } = outcome;
    assert.deepEqual(rest, { value: "a", source: "passed", stored: false });
    assert.match(String(error), /SerializationError.*another type/);
    assert.deepEqual(calls, ["lookup", "lookup", "loader"]);
  }
});

test("a stale entry that cannot be decoded is refreshed, and not served", () => {
  assert.equal(play([stale(1)], () => "a", { check: isText }).outcome.source, "loaded");
  assert.equal(thrown([stale(1)], fail, { check: isText }).error, failure);
});

test("if a refresh fails, its caller gets the entry", () => {
  const { outcome, calls } = play([stale("a")], fail);
  const served = { value: "a", stored: false, age: 1.5, version: 1, error: failure };
  assert.deepEqual(outcome, { ...served, source: "stale" });
  assert.deepEqual(calls, ["lookup", "loader", "drop"]);
  const off = { staleIfError: false };
  assert.equal(thrown([stale("a")], fail, off).error, failure);
  const fresh = play([stale("a", 1, true)], fail, off).outcome;
  assert.deepEqual(fresh, { ...served, source: "hit" });
});

test("a mistake in the program is not hidden by a stale entry", () => {
  const { error, calls } = thrown([stale("a")], () => Promise.resolve("b"), { retryAfter: 1 });
  assert.ok(error instanceof ArgumentError && /asynchronous/.test(error.message));
  assert.deepEqual(calls, ["lookup", "loader", "drop"]);
  const wrapped = () => loaded(Promise.resolve("b"), {});
  assert.match(String(thrown([miss], wrapped).error), /asynchronous/);
});

test("with `retryAfter`, a load that failed keeps others from trying", () => {
  const retry = { retryAfter: { minutes: 1 } };
  const { all } = thrown([miss], fail, retry);
  assert.deepEqual(all, [["lookup"], ["loader"], ["fail", 60_000], ["drop"]]);
  assert.deepEqual(play([stale("a")], fail, retry).all[2], ["fail", 60_000]);
  const unavailable = { failures: { fail: new UnavailableError() } };
  assert.equal(thrown([miss], fail, { ...retry, ...unavailable }).error, failure);
  assert.equal(thrown([pass], fail, retry).error, failure);
});

test("the loader may choose how its value is stored", () => {
  const options = { ttl: 60, freshFor: 30, tags: ["t"] };
  const stored = (loader: () => unknown) =>
    (play([miss], loader, options).all[2] as unknown[]).slice(1);
  const of = (ttl: number, freshFor: number, tags: string[]) => ["a", { ttl, freshFor, tags }];
  assert.deepEqual(
    stored(() => loaded("a", {})),
    of(60_000, 30_000, ["t"]),
  );
  assert.deepEqual(
    stored(() => loaded("a", { ttl: 90 })),
    of(90_000, 30_000, ["t"]),
  );
  assert.deepEqual(
    stored(() => loaded("a", { ttl: 10 })),
    of(10_000, 10_000, ["t"]),
  );
  assert.deepEqual(
    stored(() => loaded("a", { freshFor: 5 })),
    of(60_000, 5_000, ["t"]),
  );
  assert.deepEqual(
    stored(() => loaded("a", { tags: ["u"] })),
    of(60_000, 30_000, ["u"]),
  );
  const { error, calls } = thrown([miss], () => loaded("a", { freshFor: 90 }), options);
  assert.match(String(error), /`freshFor` is longer than `ttl`/);
  assert.deepEqual(calls, ["lookup", "loader", "drop"]);
});

test("the loader may choose not to store its value", () => {
  const { outcome, calls } = play([miss], () => doNotStore(new Date(0)));
  assert.deepEqual(outcome, { value: new Date(0), source: "loaded", stored: false });
  assert.deepEqual(calls, ["lookup", "loader", "drop"]);
  const { all } = play([stale("a")], () => doNotStore("b", { passFor: 5 }));
  assert.deepEqual(all, [["lookup"], ["loader"], ["pass", 5_000], ["drop"]]);
});

test("a choice that is wrong is refused", () => {
  assert.throws(() => loaded(1, { ttl: 0 }), /InvalidTtlError.*`ttl` is zero/);
  assert.throws(() => doNotStore(1, { passFor: -1 }), /InvalidTtlError.*`passFor` is negative/);
  assert.throws(() => loaded(1, { tll: 1 } as object), /ArgumentError.*`tll`/);
  assert.throws(() => doNotStore(1, { ttl: 1 } as object), /ArgumentError.*`ttl`/);
});

test("a value that cannot be stored is returned, and nobody waits for it for a minute", () => {
  const symbol = Symbol("s");
  const unencodable = play([miss], () => symbol);
  assert.equal(unencodable.outcome.value, symbol);
  assert.match(String(unencodable.outcome.error), /SerializationError.*symbol/);
  assert.deepEqual(unencodable.all, [["lookup"], ["loader"], ["pass", 60_000], ["drop"]]);
  const error = new ValueTooLargeError(8);
  const large = play([miss], () => "a", { failures: { commit: error, pass: failure } });
  assert.deepEqual(large.outcome, { value: "a", source: "loaded", stored: false, error });
  assert.deepEqual(large.calls, ["lookup", "loader", "commit", "pass", "drop"]);
});

test("a store that fails is an error", () => {
  const error = new UnavailableError();
  assert.equal(thrown([miss], () => "a", { failures: { commit: error } }).error, error);
  const passed = () => doNotStore("a", { passFor: 1 });
  assert.equal(thrown([miss], passed, { failures: { pass: error } }).error, error);
});

test("a loaded value that `check` refuses is a load that failed", () => {
  const options = { check: isText, retryAfter: 1 };
  const { error, calls } = thrown([miss], () => 1, options);
  assert.match(String(error), /`check` refuses it/);
  assert.deepEqual(calls, ["lookup", "loader", "fail", "drop"]);
  assert.equal(play([stale("a")], () => 1, options).outcome.value, "a");
});

test("a driver that awaits drives the same steps", async () => {
  async function later<R>(steps: Steps<R>): Promise<R> {
    let step = steps.next();
    while (!step.done) {
      let answer: unknown;
      try {
        answer = await step.value();
      } catch (error) {
        step = steps.throw(error);
        continue;
      }
      step = steps.next(answer);
    }
    return step.value;
  }
  const host: Host = { calls: [], lookups: [miss] };
  const outcome = await later(loading(host, () => Promise.resolve("a")));
  assert.deepEqual(outcome, { value: "a", source: "loaded", stored: true });
});
