/** The steps, as they are written: read strictly, so that nothing in one is passed over. */

import { protocol } from "./failure.ts";
import type { Json } from "./values.ts";

type Reader<T> = (json: Json | undefined) => T;
type Read<S> = { [Name in keyof S]: S[Name] extends Reader<infer T> ? T : never };

function wrong(json: Json | undefined, what: string): Error {
  return protocol(
    json === undefined ? `${what} is missing` : `${JSON.stringify(json)} is not ${what}`,
  );
}

const text: Reader<string> = (json) => {
  if (typeof json !== "string") throw wrong(json, "a text");
  return json;
};

const flag: Reader<boolean> = (json) => {
  if (typeof json !== "boolean") throw wrong(json, "a boolean");
  return json;
};

/** Of up to 64 bits, of which JavaScript's numbers hold 53 exactly. */
const whole: Reader<number> = (json) => {
  if (typeof json !== "number" || !Number.isInteger(json) || json < 0 || json > 2 ** 64) {
    throw wrong(json, "a whole number");
  }
  return json;
};

const integer: Reader<number> = (json) => {
  if (typeof json !== "number" || !Number.isSafeInteger(json)) throw wrong(json, "an integer");
  return json;
};

const value: Reader<Json> = (json) => {
  if (json === undefined) throw wrong(json, "a value");
  return json;
};

const oneOf =
  <T extends string>(...words: T[]): Reader<T> =>
  (json) => {
    const word = words.find((word) => word === json);
    if (word === undefined) throw wrong(json, `one of ${words.join(", ")}`);
    return word;
  };

const list =
  <T>(item: Reader<T>): Reader<T[]> =>
  (json) => {
    if (!Array.isArray(json)) throw wrong(json, "a list");
    return json.map(item);
  };

const pair =
  <A, B>(first: Reader<A>, second: Reader<B>): Reader<[A, B]> =>
  (json) => {
    if (!Array.isArray(json) || json.length !== 2) throw wrong(json, "a pair");
    return [first(json[0]), second(json[1])];
  };

const optional =
  <T>(reader: Reader<T>): Reader<T | undefined> =>
  (json) =>
    json === undefined ? undefined : reader(json);

const or =
  <T>(reader: Reader<T>, otherwise: T): Reader<T> =>
  (json) =>
    json === undefined ? otherwise : reader(json);

const object =
  <S extends Record<string, Reader<unknown>>>(shape: S): Reader<Read<S>> =>
  (json) => {
    if (typeof json !== "object" || json === null || Array.isArray(json)) {
      throw wrong(json, "an object");
    }
    for (const name of Object.keys(json)) {
      if (!Object.hasOwn(shape, name)) throw protocol(`unknown field \`${name}\``);
    }
    const fields = Object.entries(shape).map(([name, reader]) => [name, reader(json[name])]);
    return Object.fromEntries(fields) as Read<S>;
  };

/** The library's options. */
const options = object({
  ttl_ms: optional(whole),
  /** A number, or `{"$float": "NaN"}` and the like. */
  ttl_s: optional(value),
  fresh_ms: optional(whole),
  tags: optional(list(text)),
  max_wait_ms: optional(whole),
});

/** The contract's options, which nothing checks before the host does. */
const rawOptions = object({
  ttl_ms: optional(whole),
  fresh_ms: optional(whole),
  tags: or(list(text), []),
});

export type Options = ReturnType<typeof options>;
export type RawOptions = ReturnType<typeof rawOptions>;

/**
 * What a loader or writer does: the steps of `then`, sleep, and then trap, fail or return
 * (a loader: `value`).
 */
export interface Work {
  value: Json;
  fail: string | undefined;
  trap: boolean;
  sleep_ms: number;
  then: Step[];
}

const work: Reader<Work> = (json) =>
  object({
    value: or(value, null),
    fail: optional(text),
    trap: or(flag, false),
    sleep_ms: or(whole, 0),
    then: or(list(readStep), []),
  })(json);

const NO_OPTIONS = options({});
const NO_RAW_OPTIONS = rawOptions({});
const NO_WORK: Work = { value: null, fail: undefined, trap: false, sleep_ms: 0, then: [] };

/** One of these is given: what is stored. */
const content = { value: optional(value), hex: optional(text), bytes: optional(whole) };

const shapes = {
  // The library.
  get: { key: text },
  get_many: { keys: list(text) },
  set: { key: text, value, options: or(options, NO_OPTIONS) },
  set_many: { entries: list(pair(text, value)), options: or(options, NO_OPTIONS) },
  delete: { key: text },
  delete_many: { keys: list(text) },
  evict_tags: { tags: list(text) },
  clear: {},
  metrics: {},
  config: {},
  health: { endpoint: oneOf("health", "readiness", "liveness") },
  info: {},
  get_or_load: { key: text, options: or(options, NO_OPTIONS), loader: work },
  write_through: { key: text, value, options: or(options, NO_OPTIONS), writer: or(work, NO_WORK) },
  write_behind: { key: text, value, options: or(options, NO_OPTIONS), writer: or(work, NO_WORK) },
  cacheable: { id: text, part: or(text, ""), fail: optional(text) },
  cache_evict: {
    by: oneOf("key", "tags", "all"),
    id: or(text, ""),
    part: or(text, ""),
    fail: optional(text),
  },
  abandon: { key: text, how: oneOf("return", "throw") },
  misuse: {},
  hits: { key: text, times: whole },

  // The contract.
  lookup: {
    key: text,
    tags: or(list(text), []),
    max_wait_ms: optional(whole),
    lease: optional(text),
  },
  begin_write: { key: text, tags: or(list(text), []), lease: optional(text) },
  commit: { lease: text, ...content, options: or(rawOptions, NO_RAW_OPTIONS) },
  drop: { lease: text },
  leak: { lease: text },
  raw_get: { key: text },
  raw_set: { key: text, ...content, options: or(rawOptions, NO_RAW_OPTIONS) },

  // The instance.
  sleep: { ms: whole },
  pause: {},
  resume: {},
  trap: {},
  panic: {},
  loop: {},
  overflow: {},
  eat: { mib: whole },
  exit: { code: integer },
} satisfies Record<string, Record<string, Reader<unknown>>>;

type Shapes = typeof shapes;

/** One step: an object whose `op` says which. */
export type Step = { [Op in keyof Shapes]: { op: Op } & Read<Shapes[Op]> }[keyof Shapes];

/** The step of an `op`. */
export type StepOf<Op extends keyof Shapes> = Extract<Step, { op: Op }>;

export function readStep(json: Json | undefined): Step {
  const op = (json as { op?: Json } | null | undefined)?.op;
  if (typeof op !== "string" || !Object.hasOwn(shapes, op)) throw wrong(op, "an `op`");
  return object({ op: text, ...shapes[op as keyof Shapes] })(json) as Step;
}
