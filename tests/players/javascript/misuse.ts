/** Calls that JavaScript allows and the library has to refuse. */

import * as cache from "spakky-cache";
import * as raw from "spakky-cache/raw";

/** Takes the lease of a key, and leaves its scope without a commit, or releases it. */
export function abandon(key: string, how: "return" | "throw" | "release"): void {
  if (how === "release") {
    cache.lookup(key).lease?.release();
    return;
  }
  const left = new Error("left");
  try {
    leave(key, how === "throw" ? left : undefined);
  } catch (error) {
    if (error !== left) throw error;
  }
}

function leave(key: string, error: Error | undefined): void {
  using found = cache.lookup(key, { maxWait: { minutes: 1 } });
  if (found.result !== "miss") throw new Error(`it is no miss, but a ${found.result}`);
  if (error) throw error;
}

// biome-ignore lint/suspicious/noExplicitAny: a type checker would refuse these calls
type Any = any;

const half = "half of a pair: \ud83e";
const notKeys: Any[] = [undefined, null, 7, 7n, true, {}, [], ["k"], Symbol("k"), () => "k", half];
const notLists: Any[] = ["k", 7, {}, null, new Set(["k"]), [7], [null], [half], new Array(1)];
const notOptions: Any[] = [
  null,
  "5m",
  300,
  [],
  { tll: 5 },
  { ttl: "5" },
  { ttl: 5n },
  { ttl: null },
  { ttl: [5] },
  { ttl: { minute: 5 } },
  { ttl: { minutes: "5" } },
  { ttl: 0 },
  { ttl: -1 },
  { ttl: Number.NaN },
  { ttl: Number.POSITIVE_INFINITY },
  { ttl: 0.0009 },
  { ttl: 2 ** 64 },
  { freshFor: -1 },
  { ttl: 1, freshFor: 2 },
  { maxWait: -1 },
  { maxWait: "1" },
  { maxWait: Number.NaN },
  { tags: "t" },
  { tags: [7] },
  { tags: [half] },
  { tags: { t: true } },
  { check: "text" },
  { numbers: "exakt" },
  { strict: 1 },
  { staleIfError: null },
  { retryAfter: 0 },
  { retryAfter: "1s" },
];
const cyclic: Any = [];
cyclic.push({ cyclic });
let deep: Any = 0;
for (let level = 0; level < 1000; level++) deep = [deep];
class User {}
class Day extends Date {}
const notValues: Any[] = [
  undefined,
  () => 1,
  Symbol("s"),
  new Date(Number.NaN),
  new Set([() => 1]),
  /x/,
  new User(),
  new Day(0),
  new cache.Decimal(2n ** 64n, 0),
  new Error("e"),
  Promise.resolve(1),
  new WeakMap(),
  new ArrayBuffer(8),
  new Float64Array(1),
  2n ** 64n,
  -(2n ** 64n) - 1n,
  half,
  { [half]: 1 },
  [undefined],
  7n,
  new Map([["a", 1]]),
  new Array(1),
  cyclic,
  deep,
  new Map<Any, Any>([
    [1, "one"],
    [1n, "also one"],
  ]),
];
const notFunctions: Any[] = [undefined, null, "f", {}, 1, async () => 1, async function* () {}];
const notBytes: Any[] = [undefined, null, "bytes", [1], { length: 1 }, new ArrayBuffer(1), 7];
const notMilliseconds: Any[] = [-1, 1.5, Number.NaN, 2 ** 53, "1", 1n, null, {}];
const later: Any = () => Promise.resolve(1);
const thenable: Any = () => ({ then() {} });

/** The calls that should be refused by an error of the library's, by name. */
function* calls(): Iterable<[name: string, call: () => unknown]> {
  for (const key of notKeys) {
    yield ["get key", () => cache.get(key)];
    yield ["getMany keys", () => cache.getMany([key])];
    yield ["set key", () => cache.set(key, 1)];
    yield ["setMany key", () => cache.setMany([[key, 1]])];
    yield ["describe key", () => cache.describe(key)];
    yield ["delete key", () => cache.delete(key)];
    yield ["deleteMany keys", () => cache.deleteMany([key])];
    yield ["evictTags tags", () => cache.evictTags([key])];
    yield ["getOrLoad key", () => cache.getOrLoad(key, {}, () => 1)];
    yield ["lookup key", () => cache.lookup(key)];
    yield ["writeThrough key", () => cache.writeThrough(key, 1, {}, () => 1)];
    yield ["writeBehind key", () => cache.writeBehind(key, 1, {}, () => 1)];
    yield ["health endpoint", () => cache.health(key)];
    yield ["raw.get key", () => raw.get(key)];
    yield ["raw.describe key", () => raw.describe(key)];
    yield ["raw.lookup key", () => raw.lookup(key)];
    yield ["raw.beginWrite key", () => raw.beginWrite(key)];
  }
  for (const keys of notLists) {
    yield ["getMany list", () => cache.getMany(keys)];
    yield ["setMany list", () => cache.setMany(keys)];
    yield ["deleteMany list", () => cache.deleteMany(keys)];
    yield ["evictTags list", () => cache.evictTags(keys)];
    yield ["raw.beginWrite tags", () => raw.beginWrite("k", keys)];
  }
  for (const options of notOptions) {
    yield ["set options", () => cache.set("k", 1, options)];
    yield ["setMany options", () => cache.setMany([["k", 1]], options)];
    yield ["getOrLoad options", () => cache.getOrLoad("k", options, () => 1)];
    yield ["lookup options", () => cache.lookup("k", options)];
    yield ["writeThrough options", () => cache.writeThrough("k", 1, options, () => 1)];
    yield ["writeBehind options", () => cache.writeBehind("k", 1, options, () => 1)];
    yield ["cacheable options", () => cache.cacheable("k", options, () => 1)()];
  }
  for (const value of notValues) {
    yield ["set value", () => cache.set("k", value)];
    yield ["setMany value", () => cache.setMany([["k", value]])];
    yield ["writeThrough value", () => cache.writeThrough("k", value, {}, () => 1)];
    yield ["writeBehind value", () => cache.writeBehind("k", value, {}, () => 1)];
    yield ["commit value", () => committed(value)];
  }
  for (const fn of [...notFunctions, later, thenable]) {
    yield ["getOrLoad loader", () => cache.getOrLoad("k", {}, fn)];
    yield ["writeThrough writer", () => cache.writeThrough("k", 1, {}, fn)];
    yield ["writeBehind writer", () => cache.writeBehind("k", 1, {}, fn)];
    yield ["cacheable function", () => cache.cacheable("k", {}, fn)()];
    yield ["cacheEvict function", () => cache.cacheEvict({ key: "k" }, fn)()];
  }
  for (const bytes of notBytes) {
    yield ["raw.set bytes", () => raw.set("k", bytes)];
    yield ["raw.setMany bytes", () => raw.setMany([["k", bytes]])];
  }
  for (const ttl of notMilliseconds) {
    yield ["raw.set ttl", () => raw.set("k", new Uint8Array(1), { ttl })];
    yield ["raw.lookup maxWait", () => raw.lookup("k", { maxWait: ttl })];
    yield ["raw.lookup unless", () => raw.lookup("k", { unless: ttl })];
    yield ["lookup unless", () => cache.lookup("k", { unless: ttl })];
    yield ["raw.Lease.pass", () => leased((lease) => lease.pass(ttl))];
    yield ["raw.Lease.fail", () => leased((lease) => lease.fail(ttl))];
  }
  for (const options of [null, 5, "ttl", true] as Any[]) {
    yield ["raw.set options", () => raw.set("k", new Uint8Array(1), options)];
    yield ["raw.lookup options", () => raw.lookup("k", options)];
    yield ["raw.setMany entries", () => raw.setMany(options)];
    yield ["raw.setMany entries", () => raw.setMany([options])];
  }
  for (const option of [{ ttl: 5 }, { numbers: 1 }, { check: 1 }, null, "exact"] as Any[]) {
    yield ["get options", () => cache.get("k", option)];
    yield ["getMany options", () => cache.getMany(["k"], option)];
  }
  for (const template of ["", "{", "{}", "{a}{b}", "{c}", 7, null, undefined] as Any[]) {
    yield ["cacheable template", () => cache.cacheable(template, {}, (a, b) => [a, b])];
    yield ["cacheable tags", () => cache.cacheable("k", { tags: [template] }, (a, b) => [a, b])];
  }
  yield ["cacheable without a name", () => cache.cacheable({}, () => 1)];
  yield [
    "cacheable method",
    () =>
      cache.cacheable("k:{a}", {}, function (this: Any, a: Any) {
        return this.load(a);
      }),
  ];
  for (const evict of [{}, { all: true, key: "k" }, { tag: "t" }, { tags: "t" }, null] as Any[]) {
    yield ["cacheEvict options", () => cache.cacheEvict(evict, () => 1)];
  }
  for (const part of [undefined, {}, [], Symbol("s"), half, () => 1, NaN] as Any[]) {
    yield ["key value", () => cache.key`k:${part}`];
    yield ["cacheable argument", () => cache.cacheable("k:{a}", {}, (a) => [a])(part)];
  }
  for (const options of [null, 1, "1s", [], { tll: 1 }, { ttl: 0 }, { tags: "t" }] as Any[]) {
    yield ["loaded options", () => cache.loaded(1, options)];
    yield ["doNotStore options", () => cache.doNotStore(1, options)];
  }
  for (const text of [undefined, null, 7, 1.5, "", "1e", "NaN", "-0", [1], half] as Any[]) {
    yield ["Decimal", () => new cache.Decimal(text)];
    yield ["Uuid", () => new cache.Uuid(text)];
  }
  yield ["a lease twice", () => committed(1) || committed(1)];
  yield ["entries", () => cache.setMany([["k"]] as Any)];
  yield ["entries", () => cache.setMany([["k", 1, 2]] as Any)];
  yield ["entries", () => cache.setMany({ k: 1 } as Any)];
}

function leased(use: (lease: raw.Lease) => unknown): unknown {
  raw.delete("k");
  using lease = raw.lookup("k").lease as raw.Lease;
  return use(lease);
}

/** Commits to a lease that was dropped: `false`, unless the value is refused first. */
function committed(value: unknown): boolean {
  cache.delete("k");
  using found = cache.lookup("k");
  found.lease?.drop();
  return found.lease?.commit(value) ?? false;
}

/** The calls that the library did not refuse. */
export function notRefused(): string[] {
  const taken: string[] = [];
  for (const [name, call] of calls()) {
    try {
      call();
      taken.push(name);
    } catch (error) {
      const refused = error instanceof cache.CacheError || error instanceof cache.ArgumentError;
      if (!refused) taken.push(`${name}: ${error}`);
    }
    // So that each call begins without an entry.
    cache.delete("k");
  }
  return taken;
}
