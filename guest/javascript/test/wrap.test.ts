import assert from "node:assert/strict";
import { test } from "node:test";

import {
  ArgumentError,
  cacheable,
  cacheEvict,
  getOrLoad,
  InvalidKeyError,
  InvalidTtlError,
  KeyGenerationError,
  set,
  writeThrough,
} from "../src/index.ts";

// There is no host here: a test that calls it fails.

test("a template that names no parameter is refused at once", () => {
  const fn = (id: number) => id;
  assert.throws(() => cacheable("k:{user}", {}, fn), KeyGenerationError);
  assert.throws(() => cacheable("k:{user}", {}, fn), /`user`.*`fn`.*`id`.*`values`/s);
  assert.throws(() => cacheable("k", { tags: ["{user}"] }, fn), KeyGenerationError);
  assert.throws(() => cacheEvict({ key: "k:{user}" }, fn), KeyGenerationError);
  assert.throws(() => cacheEvict({ tags: ["k:{user}"] }, fn), KeyGenerationError);
  assert.throws(() => cacheable("k:{a}", {}, Math.max), /cannot be seen/);
});

test("with values of its own a template names them", () => {
  const cached = cacheable("k:{n}", { values: (n: number) => ({ n: n / 2 }) }, (n) => n);
  assert.throws(() => cached(1), /the host is called/);
  const wrong = cacheable("k:{m}", { values: (n: number) => ({ n }) }, (n) => n);
  assert.throws(() => wrong(1), KeyGenerationError);
});

test("a placeholder may be a position", () => {
  const load = (id: number, { name = "" } = {}) => `${id} ${name}`;
  const tagged = cacheable("k:{0}", { tags: ["{1.name}"] }, load);
  assert.throws(() => tagged(7, { name: "a" }), /the host is called/);
  assert.throws(() => tagged(7), /no `1.name`/);
  assert.throws(() => cacheable("k:{0}:{1}", {}, Math.max)(1, 2), /the host is called/);
  assert.throws(() => cacheable("k:{2}", {}, load), /`2` of the template.*are `id`, `name`:/);
  assert.throws(() => cacheable("k:{1}", {}, Math.max)(1), /no `1`/);
});

test("a default fills the key", () => {
  const cached = cacheable("k:{page}:{size}", {}, (page: number = 1, { size = 10 } = {}) => [
    page,
    size,
  ]);
  assert.throws(() => cached(), /the host is called/);
  const later = Date.now();
  const unseen = cacheable("k:{page}", {}, (page: number, now = later) => [page, now]);
  assert.throws(() => unseen(1), /the host is called/);
});

test("a method names what tells its objects apart", () => {
  const named: string[] = [];
  class Repo {
    constructor(readonly name: string) {}
    load(id: number) {
      return `${this.name} ${id}`;
    }
  }
  const { load } = Repo.prototype;
  const refused = (error: unknown) =>
    error instanceof KeyGenerationError && /`{this.name}`.*`shared`/.test(error.message);
  assert.throws(() => cacheable("repo:{id}", { tags: ["{this.name}"] }, load), refused);
  assert.throws(() => cacheable("repo", {}, load.bind(new Repo("a"))), refused);
  assert.throws(() => cacheable("repo:{id}", { values: (id) => ({ id }) }, load), refused);
  const cached = [
    cacheable("repo:{id}:{this.name}", {}, load),
    cacheable("repo:{id}", { shared: true }, load),
    cacheable(
      "repo:{name}",
      {
        values() {
          named.push((this as unknown as Repo).name);
          return { name: named[0] };
        },
      },
      load,
    ),
    cacheEvict({ key: "repo:{id}" }, load),
  ];
  for (const call of cached)
    assert.throws(() => call.call(new Repo("a"), 7), /host is called|is not/);
  assert.deepEqual(named, ["a"]);
  const [detached] = cached as unknown as [(id: number) => string];
  assert.throws(() => detached(7), /no `this.name`/);
});

test("options that are wrong are refused at once", () => {
  assert.throws(() => cacheable("k", { ttl: 0 }, () => 1), InvalidTtlError);
  assert.throws(() => cacheable("k", { tll: 1 } as object, () => 1), ArgumentError);
  for (const options of [{}, { all: true, key: "k" }, { all: false }, { tags: [] }, null]) {
    assert.throws(() => cacheEvict(options as { all: true }, () => 1), ArgumentError);
  }
});

test("an asynchronous function is refused before anything else", () => {
  // biome-ignore lint/suspicious/noExplicitAny: the types refuse it, too
  const later: any = async () => 1;
  for (const call of [
    () => cacheable("k", {}, later),
    () => cacheEvict({ all: true }, later),
    () => getOrLoad("k", {}, later),
    () => writeThrough("k", 1, {}, later),
  ]) {
    assert.throws(
      call,
      (error) => error instanceof ArgumentError && /asynchronous/.test(error.message),
    );
  }
});

test("an evicting function whose key cannot be made does not run", () => {
  let ran = false;
  const evict = cacheEvict({ key: "k:{id}" }, (id: number | undefined) => {
    ran = id === undefined;
  });
  assert.throws(() => evict(undefined), KeyGenerationError);
  assert.equal(ran, false);
});

test("an evicting function that fails evicts nothing, and its error is unchanged", () => {
  const failure = new Error("no");
  const evict = cacheEvict({ all: true }, () => {
    throw failure;
  });
  assert.throws(evict, (error) => error === failure);
});

test("options are checked first, then the value, then the key", () => {
  const half = "\ud800";
  const nothing: unknown = undefined;
  assert.throws(() => set(half, nothing, { ttl: 0 }), InvalidTtlError);
  assert.throws(() => set(half, nothing, { ttl: 1 }), { kind: "serialization" });
  assert.throws(() => set(half, 1, { ttl: 1 }), InvalidKeyError);
  assert.throws(() => set("k", 1, { ttl: 1 }), /the host is called/);
});
