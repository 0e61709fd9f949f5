import { decode, encode } from "./codec.ts";
import {
  checkNames,
  checkOptions,
  type Encoded,
  lifetime,
  OPTIONS,
  type Options,
  type ReadOptions,
  type Time,
} from "./options.ts";
import * as raw from "./raw.ts";
import type { Storable } from "./storable.ts";

/** An entry that a lookup found. */
interface Found<T> {
  readonly value: T;
  /** Identifies the entry among all that its key ever held. */
  readonly version: number;
  /** How long ago it was stored, in seconds. */
  readonly age: number;
}

/**
 * What a caller that is ready to load finds. It drops its lease, if it has one, when it
 * is disposed: declare it with `using`.
 */
export type Lookup<T> = Disposable &
  (
    | (Found<T> & {
        /** A fresh entry. */
        readonly result: "hit";
        readonly lease?: undefined;
      })
    | (Found<T> & {
        /**
         * An entry past its fresh time, or so close to it that this caller was chosen to
         * refresh it early. It may be served.
         */
        readonly result: "stale";
        /** Whether it is still fresh. If its refresh fails, it is a hit. */
        readonly fresh: boolean;
        /**
         * The right to refresh the entry; none: another caller has it, or the last refresh
         * failed and is not to be repeated yet.
         */
        readonly lease?: Lease<T> | undefined;
      })
    | {
        /** No entry, and this caller is the one to load it. */
        readonly result: "miss";
        readonly value?: undefined;
        readonly lease: Lease<T>;
      }
    | {
        /** No entry, and this caller loads for itself, without a lease. */
        readonly result: "pass";
        readonly value?: undefined;
        readonly lease?: undefined;
      }
  );

/**
 * The right, and the duty, to fill one key.
 *
 * The host keeps it alive while the component holds it. Dropping it unfilled, or a trap
 * of the component, gives it up at once, and one waiting caller takes over. The garbage
 * collector drops none: use `using`, or `drop` on every way out.
 */
export class Lease<T> {
  readonly #raw: raw.Lease;

  /** @internal */
  constructor(lease: raw.Lease) {
    this.#raw = lease;
  }

  /**
   * Stores the loaded value and wakes the callers that wait for it. False: something
   * removed or replaced the key since the load began, so the value was not stored; it may
   * still be used, once.
   *
   * Whatever the outcome, the lease is over: after an error the next caller loads.
   */
  commit(value: T, options: Options<T> & Encoded<T>): boolean;
  commit(value: T & Storable<T>, options?: Options<T>): boolean;
  commit(value: T, options?: Options<T>): boolean {
    try {
      const { entry, write } = checkOptions(options as Options);
      return this.#raw.commit(encode(value, write), entry);
    } finally {
      this.drop();
    }
  }

  /**
   * Stores nothing, and for so long lookups of the key answer `pass`: all callers load, and
   * none waits for another. An entry that was being refreshed is removed. False: something
   * removed or replaced the key since the load began. The lease is over.
   */
  pass(duration: Time): boolean {
    try {
      return this.#raw.pass(lifetime(duration, "duration"));
    } finally {
      this.drop();
    }
  }

  /**
   * The load failed, and nobody should try again for so long, or for as long as the host
   * allows: a stale entry is served meanwhile, and lookups of a key that has none throw a
   * `LoadFailedError`. False: something removed or replaced the key since the load began.
   * The lease is over.
   */
  fail(retryAfter: Time): boolean {
    try {
      return this.#raw.fail(lifetime(retryAfter, "retryAfter"));
    } finally {
      this.drop();
    }
  }

  /** Gives the lease up, and returns once that is done. */
  release(): void {
    try {
      this.#raw.release();
    } finally {
      this.drop();
    }
  }

  /** Gives the lease up, if it is not over. Doing it again does nothing. */
  drop(): void {
    this.#raw.drop();
  }

  /** So that `using` drops it. */
  [Symbol.dispose](): void {
    this.drop();
  }
}

/** Options of a lookup. */
export interface LookupOptions<T = unknown> extends Options<T> {
  /**
   * The entry of this version will not do, since it was found to be wrong: one caller is
   * elected to refresh it, and others with the same version here wait for that.
   */
  readonly unless?: number;
}

/**
 * Finds `key`, or makes this caller its one loader in the whole fleet, or waits until the
 * loader is done: what `getOrLoad` is made of.
 *
 * Of the options, it takes the tags that the entry will have, as far as they are known,
 * the longest wait, `unless` and `strict`.
 *
 * ```js
 * using found = lookup("answer", options);
 * if (found.result === "hit") return found.value;
 * const answer = 42;
 * found.lease?.commit(answer, options);
 * return answer;
 * ```
 */
export function lookup<T = unknown>(key: string, options: LookupOptions<T> = {}): Lookup<T> {
  checkNames(options, [...OPTIONS, "unless"], "options of a lookup");
  const { unless, ...rest } = options;
  const checked = checkOptions(rest as Options);
  return typed(raw.lookup(key, { ...checked.lookup, unless }), checked.read);
}

function typed<T>(found: raw.Lookup, read: ReadOptions): Lookup<T> {
  const held = found.lease;
  const lease = held && new Lease<T>(held);
  const disposable = { [Symbol.dispose]: () => lease?.drop() };
  if (found.result === "miss") return { result: "miss", lease: lease as Lease<T>, ...disposable };
  if (found.result === "pass") return { result: "pass", ...disposable };
  const { version, age } = found;
  try {
    const entry = { value: decode(found.value, read) as T, version, age: age / 1000 };
    if (found.result === "hit") return { result: "hit", ...entry, ...disposable };
    return { result: "stale", ...entry, fresh: found.fresh, lease, ...disposable };
  } catch (error) {
    lease?.drop();
    throw error;
  }
}
