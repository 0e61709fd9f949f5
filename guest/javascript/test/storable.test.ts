// Here the type checker is the test: tools/check-javascript. Each `@ts-expect-error` is an
// error if there is none below it.

import { test } from "node:test";

import {
  cacheable,
  type Decimal,
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
  type Uuid,
  writeBehind,
  writeThrough,
} from "../src/index.ts";

interface Line {
  price: RegExp;
  count: number;
}
interface Order {
  id: bigint;
  lines: Line[];
  note?: string;
  tags: Set<Promise<string>>;
}
interface Event {
  id: Uuid;
  at: Date;
  price: Decimal | null;
  tags: ReadonlySet<string>;
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
declare const event: Event;
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
  set("k", event);
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
  const amounts = {
    ttl: 60,
    encode: (money: Money) => money.cents,
    decode: (stored: unknown) => new Money(stored as number),
  };
  const amount: Money = getOrLoad("k", amounts, () => new Money(1));
  set("k", amount, amounts);
  setMany([["k", amount]], amounts);
  writeBehind("k", amount, amounts, (written) => written.text());
  cacheable("k:{id}", amounts, (id: number) => new Money(id));
  lookup("k", amounts).lease?.commit(amount, amounts);
  /** Functions that are generic say what they need. */
  return <T>(loader: (() => T) & Storable<T>): T => getOrLoad<T>("k", options, loader);
}

function refused() {
  yes<
    Equal<
      Problem<Order>,
      | "`id` is a bigint, and comes back as a number if it is one that a number holds: type it as number | bigint, or give the options `encode` and `decode`"
      | "`lines[].price` is a RegExp or an Error: store a text of it, or give the options `encode` and `decode`"
      | "`tags[]` is a Promise: functions that are cached are synchronous"
    >
  >();
  yes<Equal<Problem<Tree>, never>>();
  yes<Equal<Problem<Event>, never>>();
  // @ts-expect-error: a RegExp in it
  getOrLoad("k", {}, () => order);
  // @ts-expect-error: a class
  cacheable("k", {}, () => new Money(1));
  // @ts-expect-error: a class, however long it lives
  getOrLoad("k", {}, () => loaded(new Money(1), { ttl: 1 }));
  // @ts-expect-error: a Set of what cannot be stored
  set("k", { tags: new Set([new Money(1)]) });
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
