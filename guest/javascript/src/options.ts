import { ArgumentError, InvalidTtlError } from "./errors.ts";
import type { EntryOptions, LookupOptions } from "./raw.ts";
import { checkFunction } from "./synchronous.ts";

/** A span of time: seconds, whole or with a fraction, or the sum of an object's fields. */
export type Time =
  | number
  | {
      readonly days?: number;
      readonly hours?: number;
      readonly minutes?: number;
      readonly seconds?: number;
      readonly milliseconds?: number;
    };

/** What reading and writing share. */
interface ValueOptions<T> {
  /**
   * Whether a value is one of this type. One that is not is a `SerializationError`, when it
   * is read and before it is stored. Without it, the cache is trusted to hold what the type
   * says.
   */
  readonly check?: (value: unknown) => value is T;
}

/** How a value is read. */
export interface ReadOptions<T = unknown> extends ValueOptions<T> {
  /**
   * `"exact"`: a float that JavaScript would write as an integer, such as 1.0, is read
   * as a `Float`. `"plain"`, the default: as the number 1.
   */
  readonly numbers?: "plain" | "exact";
  /**
   * Makes a value of what was stored: the inverse of `encode`. What it throws is the `cause`
   * of a `SerializationError`.
   */
  decode?(stored: unknown): T;
}

/** How a value is written. */
export interface WriteOptions<T = unknown> extends ValueOptions<T> {
  /**
   * Makes of a value, which may be of any type, what is stored in its place: a text of a
   * date, an object of an instance of a class.
   */
  encode?(value: T): unknown;
}

/** With these options, values of any type can be stored. */
export type Encoded<T> = Required<Pick<WriteOptions<T>, "encode">>;

/** How long an entry lives, what evicts it, and how long a lookup may wait. */
export interface Options<T = unknown> extends ReadOptions<T>, WriteOptions<T> {
  /** The time to live; without one, the entry stays until something removes it. */
  readonly ttl?: Time;
  /**
   * How long the entry is fresh, within its time to live. Past it, one caller at a time
   * is asked to refresh the entry while the others go on reading it. Without it, an
   * entry is fresh for as long as it lives.
   */
  readonly freshFor?: Time;
  /** Tags that evict the entry. One named twice counts once. */
  readonly tags?: readonly string[];
  /**
   * A lookup waits for another caller's load at most this long, and not at all if it is
   * zero. Without it, as long as the host allows, which is also the longest.
   */
  readonly maxWait?: Time;
  /**
   * Whether a stale entry is served if its refresh fails, in place of the loader's error;
   * it is, unless this is false. An entry that is still fresh is served in any case.
   */
  readonly staleIfError?: boolean;
  /**
   * After a load that failed, nobody tries again for this long, or for as long as the host
   * allows. Meanwhile a stale entry is served, and callers of a key that has no entry get a
   * `LoadFailedError`. Without it, the next caller tries at once.
   */
  readonly retryAfter?: Time;
  /** Whether the backend has to be asked, even where the host may answer from its copies. */
  readonly strict?: boolean;
}

/** Options that were found to be possible, in the contract's terms. */
export interface Checked {
  readonly entry: EntryOptions & { tags: string[] };
  readonly lookup: LookupOptions;
  readonly read: ReadOptions;
  readonly write: WriteOptions;
  readonly staleIfError: boolean;
  /** In milliseconds. */
  readonly retryAfter: number | undefined;
}

const READ = ["check", "numbers", "decode"];
/** The names of all options. */
export const OPTIONS = [
  "ttl",
  "freshFor",
  "tags",
  "maxWait",
  "staleIfError",
  "retryAfter",
  "strict",
  "encode",
  ...READ,
];
const UNITS: Record<string, number> = {
  days: 86_400_000,
  hours: 3_600_000,
  minutes: 60_000,
  seconds: 1_000,
  milliseconds: 1,
};

const NONE: Options = {};
const NOTHING_CHECKED: Checked = {
  entry: { tags: [] },
  lookup: {},
  read: {},
  write: {},
  staleIfError: true,
  retryAfter: undefined,
};

/** Refuses what is no option, and times that no host would take. */
export function checkOptions(options: Options = NONE): Checked {
  if (options === NONE) return NOTHING_CHECKED;
  checkNames(options, OPTIONS, "options");
  const { ttl, freshFor, tags = [], maxWait, retryAfter } = options;
  const { staleIfError = true, strict = false } = options;
  checkBoolean(staleIfError, "staleIfError");
  checkBoolean(strict, "strict");
  const entry = {
    ttl: ttl === undefined ? undefined : lifetime(ttl, "ttl"),
    freshFor: freshFor === undefined ? undefined : lifetime(freshFor, "freshFor"),
    tags: checkTags(tags),
  };
  if (entry.ttl !== undefined && entry.freshFor !== undefined && entry.freshFor > entry.ttl) {
    throw new InvalidTtlError("`freshFor` is longer than `ttl`");
  }
  return {
    entry,
    lookup: {
      tags: entry.tags,
      maxWait: maxWait === undefined ? undefined : wait(maxWait),
      strict,
    },
    read: checkRead(options),
    write: checkWrite(options),
    staleIfError,
    retryAfter: retryAfter === undefined ? undefined : lifetime(retryAfter, "retryAfter"),
  };
}

/** As `checkOptions`, of what is both written and read. */
export function checkBoth(options: Options): Checked {
  const checked = checkOptions(options);
  if ((checked.write.encode === undefined) !== (checked.read.decode === undefined)) {
    throw new ArgumentError("of the options `encode` and `decode`, one needs the other");
  }
  return checked;
}

/** Refuses what is no option of reading. */
export function checkReadOptions(options: ReadOptions = NONE): ReadOptions {
  if (options === NONE) return NOTHING_CHECKED.read;
  checkNames(options, READ, "options of reading");
  return checkRead(options);
}

function checkRead({ check, numbers = "plain", decode }: ReadOptions): ReadOptions {
  if (numbers !== "plain" && numbers !== "exact") {
    throw new ArgumentError('`numbers` is neither "plain" nor "exact"');
  }
  return { numbers, ...functions({ check, decode }) };
}

function checkWrite({ check, encode }: WriteOptions): WriteOptions {
  return functions({ check, encode });
}

/** Those of the options that there are, which have to be functions. */
function functions<F extends object>(options: F): { [K in keyof F]: NonNullable<F[K]> } {
  const there = Object.entries(options).filter(([, option]) => option !== undefined);
  for (const [name, option] of there) checkFunction(option, `option \`${name}\``);
  return Object.fromEntries(there) as { [K in keyof F]: NonNullable<F[K]> };
}

/** That these are the options of something: an object without any other name. */
export function checkNames(options: unknown, known: readonly string[], what: string): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new ArgumentError(`the ${what} are no object`);
  }
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw new ArgumentError(
        `unknown option \`${name}\`: the ${what} are \`${known.join("`, `")}\``,
      );
    }
  }
}

export function checkBoolean(value: boolean, name: string): void {
  if (typeof value !== "boolean") throw new ArgumentError(`the option \`${name}\` is no boolean`);
}

/** That a thing is a list; the strings in it are checked where they are used. */
export function checkTags(tags: readonly string[]): string[] {
  if (!Array.isArray(tags)) throw new ArgumentError("`tags` is no array of strings");
  return [...tags];
}

/** A time to live in milliseconds, rounded up. */
export function lifetime(time: Time, name: string): number {
  const milliseconds = toMilliseconds(time, name);
  if (Number.isNaN(milliseconds)) throw new InvalidTtlError(`\`${name}\` is not a number`);
  if (milliseconds < 0) throw new InvalidTtlError(`\`${name}\` is negative`);
  if (milliseconds === 0) throw new InvalidTtlError(`\`${name}\` is zero`);
  if (milliseconds < 1) throw new InvalidTtlError(`\`${name}\` is shorter than a millisecond`);
  const whole = Math.ceil(milliseconds);
  if (!Number.isSafeInteger(whole)) throw new InvalidTtlError(`\`${name}\` is too long`);
  return whole;
}

/** A wait in milliseconds: never too long to count. */
function wait(time: Time): number {
  const milliseconds = toMilliseconds(time, "maxWait");
  if (Number.isNaN(milliseconds)) throw new ArgumentError("`maxWait` is not a number");
  if (milliseconds < 0) throw new ArgumentError("`maxWait` is negative");
  return Math.min(Math.ceil(milliseconds), Number.MAX_SAFE_INTEGER);
}

function toMilliseconds(time: Time, name: string): number {
  if (typeof time === "number") return toNanosecond(time * 1_000);
  if (typeof time !== "object" || time === null) {
    throw new ArgumentError(`\`${name}\` is no time: a number of seconds, or { minutes: 5 }`);
  }
  checkNames(time, Object.keys(UNITS), `parts of \`${name}\``);
  let sum = 0;
  for (const [unit, count] of Object.entries(time)) {
    if (typeof count !== "number") {
      throw new ArgumentError(`\`${unit}\` of \`${name}\` is no number`);
    }
    sum += count * (UNITS[unit] as number);
  }
  return toNanosecond(sum);
}

/** Rounded, so that 4.35 seconds are 4,350 milliseconds and not a bit more. */
function toNanosecond(milliseconds: number): number {
  return Math.round(milliseconds * 1e6) / 1e6;
}
