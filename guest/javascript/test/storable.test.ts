// Here the type checker is the test: tools/check-javascript. Each `@ts-expect-error` is an
// error if there is none below it.

import { test } from "node:test";

import {
  cacheable,
  doNotStore,
  Float,
  getOrLoad,
  getOrLoadOutcome,
  loaded,
  lookup,
  type Outcome,
  type Problem,
  type Storable,
  set,
  setMany,
  writeBehind,
  writeThrough,
} from "../src/index.ts";

interface Line {
  price: Date;
  count: number;
}
interface Order {
  id: bigint;
  lines: Line[];
  note?: string;
  tags: Set<string>;
}
interface Tree {
  children: Tree[];
  value: number | bigint;
  note?: string | undefined;
}
type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
class Money {
  constructor(readonly cents: number) {}
  text() {
    return `${this.cents / 100}`;
  }
}

type Equal<A, B> = [A, B] extends [B, A] ? true : false;
const yes = <_T extends true>() => {};

declare const order: Order;
declare const tree: Tree;
declare const json: Json;
declare const anything: unknown;

function storable() {
  const options = { ttl: 60, tags: ["t"] };
  const text: (id: number, page?: number) => string = cacheable(
    "k:{id}:{page}",
    options,
    (id: number, page = 1) => `${id} ${page}`,
  );
  text(1);
  const found: Tree = getOrLoad("k", options, () => tree);
  set("k", found, options);
  set("k", json);
  set("k", anything);
  set("k", { a: [1, "x", null, new Uint8Array(1)], b: undefined as string | undefined });
  setMany([["k", 1]], options);
  writeThrough("k", tree, options, (written) => written.children);
  lookup<number>("k").lease?.commit(1);
  getOrLoad("k", options, (): never => {
    throw new Error("no");
  });
  getOrLoad("k", options, (): number | Float => new Float(1));
  const chosen: number = getOrLoad("k", options, () => loaded(1, { ttl: chosen }));
  const either: string | null = getOrLoad("k", options, () =>
    chosen > 1 ? loaded("a", { tags: ["t"] }) : chosen === 1 ? doNotStore("b") : null,
  );
  const outcome: Outcome<Tree> = getOrLoadOutcome("k", options, () => tree);
  const cached: (n: number) => Tree = cacheable("k:{n}", {}, (n: number) =>
    n === 0 ? loaded(outcome.value, { ttl: 1 }) : doNotStore(tree, { passFor: { minutes: n } }),
  );
  cached(either === null ? 1 : 2);
  const dates = {
    ttl: 60,
    encode: (date: Date) => date.toISOString(),
    decode: (stored: unknown) => new Date(stored as string),
  };
  const date: Date = getOrLoad("k", dates, () => new Date());
  set("k", date, dates);
  setMany([["k", date]], dates);
  writeBehind("k", date, dates, (written) => written.getTime());
  cacheable("k:{id}", dates, (id: number) => new Date(id));
  lookup("k", dates).lease?.commit(date, dates);
  /** Functions that are generic say what they need. */
  return <T>(loader: (() => T) & Storable<T>): T => getOrLoad<T>("k", options, loader);
}

function refused() {
  yes<
    Equal<
      Problem<Order>,
      | "`id` is a bigint, and comes back as a number if it is one that a number holds: type it as number | bigint, or give the options `encode` and `decode`"
      | "`lines[].price` is a Date: store its toISOString() or getTime(), or give the options `encode` and `decode`"
      | "`tags` is a Set: store an array, or give the options `encode` and `decode`"
    >
  >();
  yes<Equal<Problem<Tree>, never>>();
  // @ts-expect-error: a Date in it
  getOrLoad("k", {}, () => order);
  // @ts-expect-error: a Date
  cacheable("k", {}, () => new Date());
  // @ts-expect-error: a Date, however long it lives
  getOrLoad("k", {}, () => loaded(new Date(), { ttl: 1 }));
  // @ts-expect-error: a Set
  set("k", { tags: new Set(["a"]) });
  // @ts-expect-error: a Map
  set("k", new Map([["a", 1]]));
  // @ts-expect-error: a class
  setMany([["k", new Money(1)]]);
  // @ts-expect-error: a class
  writeThrough("k", [new Money(1)], {}, () => 1);
  // @ts-expect-error: a class
  writeBehind("k", { price: new Money(1) }, {}, () => 1);
  // @ts-expect-error: a bigint, which may be small
  lookup<bigint>("k").lease?.commit(7n);
  // @ts-expect-error: nothing
  cacheable("k", {}, () => {});
  // @ts-expect-error: perhaps nothing
  getOrLoad("k", {}, (): string | undefined => undefined);
  // @ts-expect-error: an array with undefined in it
  set("k", [1, undefined]);
  // @ts-expect-error: a promise
  getOrLoad("k", {}, () => Promise.resolve(1));
  // @ts-expect-error: an array of numbers that is neither an array nor bytes
  set("k", new Uint16Array(1));
  // @ts-expect-error: an error
  set("k", { failure: new Error("no") });
  // @ts-expect-error: a function
  set("k", { call: () => 1 });
  // @ts-expect-error: a Float, which comes back as a number
  getOrLoad("k", {}, () => new Float(1));
}

test("what the types refuse is an error of the type checker", () => {
  // There is nothing to run.
  void [storable, refused];
});
