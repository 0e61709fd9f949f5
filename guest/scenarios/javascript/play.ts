/** Plays steps, and answers each. */

import * as cache from "spakky-cache";
import { exit, readLine, sleep, write } from "spakky-cache/program";
import * as raw from "spakky-cache/raw";

import * as cached from "./cached.ts";
import { Failure, protocol, toAnswer } from "./failure.ts";
import * as misbehave from "./misbehave.ts";
import { abandon, notRefused } from "./misuse.ts";
import {
  type Options,
  type RawOptions,
  readStep,
  type Step,
  type StepOf,
  type Work,
} from "./steps.ts";
import { fromHex, fromJson, type Json, toFloat, toHex, toJson } from "./values.ts";

/** How values are read, so that the answer tells a float from an integer. */
const EXACT = { numbers: "exact" } as const;

const leases = new Map<string, raw.Lease>();
let pauses = 0;

/** Plays the lines of the input until it ends, or a pause does. */
export function playInput(): void {
  for (let line = readLine(); line !== undefined; line = readLine()) {
    if (playLine(line)) return;
  }
}

/** Plays a line; says whether it ended a pause. */
export function playLine(line: string): boolean {
  if (line.trim() === "") return false;
  let resumed = false;
  answer(() => {
    const step = parse(line);
    resumed = step.op === "resume" && pauses > 0;
    return resumed ? null : perform(step);
  });
  return resumed;
}

function parse(line: string): Step {
  let json: Json;
  try {
    json = JSON.parse(line);
  } catch (error) {
    throw protocol(String(error));
  }
  return readStep(json);
}

function answer(play: () => Json): void {
  let line: object;
  try {
    line = { ok: play() };
  } catch (error) {
    line = { error: toAnswer(error) };
  }
  write(`${JSON.stringify(line)}\n`);
}

function perform(step: Step): Json {
  switch (step.op) {
    case "get":
      return found(cache.get(step.key, EXACT));
    case "get_many":
      return cache.getMany(step.keys, EXACT).map(found);
    case "set":
      return nothing(cache.set(step.key, fromJson(step.value), toOptions(step.options)));
    case "set_many": {
      const entries = step.entries.map(([key, value]) => [key, fromJson(value)] as const);
      return nothing(cache.setMany(entries, toOptions(step.options)));
    }
    case "delete":
      return cache.delete(step.key);
    case "delete_many":
      return cache.deleteMany(step.keys);
    case "evict_tags":
      return nothing(cache.evictTags(step.tags));
    case "clear":
      return nothing(cache.clear());
    case "get_or_load":
      return getOrLoad(step);
    case "write_through":
    case "write_behind": {
      const store = step.op === "write_through" ? cache.writeThrough : cache.writeBehind;
      const [value, options] = [fromJson(step.value), toOptions(step.options)];
      return nothing(store(step.key, value, options, () => work(step.writer, "writer")));
    }
    case "cacheable":
      return { value: cached.profile(step.id, step.part, step.fail), calls: cached.calls };
    case "cache_evict": {
      const evict = { key: cached.evictKey, tags: cached.evictTags, all: cached.evictAll };
      return nothing(evict[step.by](step));
    }
    case "metrics":
      return counts();
    case "config":
      return settings();
    case "health":
      return cache.health(step.endpoint) as unknown as Json;
    case "info":
      return cache.info() as unknown as Json;
    case "abandon":
      return nothing(abandon(step.key, step.how));
    case "misuse":
      return notRefused();
    case "hits": {
      let hits = 0;
      for (let time = 0; time < step.times; time++) if (cache.get(step.key) !== undefined) hits++;
      return hits;
    }
    default:
      return performRaw(step);
  }
}

/**
 * The steps that call the contract without the library, and those that do something to
 * the instance.
 */
function performRaw(step: Step): Json {
  switch (step.op) {
    case "lookup":
      return lookup(step);
    case "begin_write":
      return keep(step.lease ?? step.key, raw.beginWrite(step.key, step.tags));
    case "commit":
      return held(step.lease).commit(content(step), toRawOptions(step.options));
    case "drop":
      return nothing(take(step.lease).drop());
    case "leak":
      return nothing(take(step.lease));
    case "raw_get": {
      const bytes = raw.get(step.key);
      return bytes ? { hit: true, hex: toHex(bytes) } : { hit: false };
    }
    case "raw_set":
      return nothing(raw.set(step.key, content(step), toRawOptions(step.options)));
    case "sleep":
      return nothing(sleep(step.ms / 1000));
    case "pause":
      pauses += 1;
      playInput();
      pauses -= 1;
      return null;
    case "trap":
      return misbehave.trap();
    case "panic":
      throw new Error("as asked");
    case "loop":
      return misbehave.spin();
    case "overflow":
      return misbehave.overflow(0);
    case "eat":
      return nothing(misbehave.eat(step.mib));
    case "exit":
      return exit(step.code);
    default:
      throw protocol("nothing is paused here");
  }
}

function nothing(_: unknown): null {
  return null;
}

function found(value: unknown): Json {
  return value === undefined ? { hit: false } : { hit: true, value: toJson(value) };
}

function getOrLoad({ key, options, loader }: StepOf<"get_or_load">): Json {
  const [value, made] = [fromJson(loader.value), toOptions(options)];
  let loaded = false;
  const found = cache.getOrLoad(key, { ...made, ...EXACT }, () => {
    loaded = true;
    work(loader, "loader");
    return value;
  });
  return { value: toJson(found), loaded };
}

/** What a loader or writer does. */
function work({ fail, trap, sleep_ms, then }: Work, who: "loader" | "writer"): void {
  for (const step of then) answer(() => perform(step));
  if (sleep_ms > 0) sleep(sleep_ms / 1000);
  if (trap) misbehave.trap();
  if (fail !== undefined) throw new Failure(who, fail);
}

function lookup({ key, tags, max_wait_ms, lease: name = key }: StepOf<"lookup">): Json {
  const found = raw.lookup(key, { tags, maxWait: clamped(max_wait_ms) });
  if (found.lease) keep(name, found.lease);
  if (found.result === "miss") return { result: "miss" };
  const value = toJson(cache.decode(found.value, EXACT));
  if (found.result === "hit") return { result: "hit", value };
  return { result: "stale", value, refresh: found.lease !== undefined };
}

/** One that was kept there is dropped. */
function keep(name: string, lease: raw.Lease): null {
  leases.get(name)?.drop();
  leases.set(name, lease);
  return null;
}

function held(name: string): raw.Lease {
  const lease = leases.get(name);
  if (lease === undefined) throw protocol(`no lease \`${name}\` is held`);
  return lease;
}

function take(name: string): raw.Lease {
  const lease = held(name);
  leases.delete(name);
  return lease;
}

/** Gives up every lease that is still held. */
export function dropAll(): void {
  for (const lease of leases.values()) lease.drop();
}

function toOptions({ ttl_ms, ttl_s, fresh_ms, tags, max_wait_ms }: Options): cache.Options {
  if (ttl_ms !== undefined && ttl_s !== undefined) throw protocol("both `ttl_ms` and `ttl_s`");
  return {
    ...(ttl_ms === undefined ? {} : { ttl: { milliseconds: ttl_ms } }),
    ...(ttl_s === undefined ? {} : { ttl: toFloat(ttl_s) }),
    ...(fresh_ms === undefined ? {} : { freshFor: { milliseconds: fresh_ms } }),
    ...(tags === undefined ? {} : { tags }),
    ...(max_wait_ms === undefined ? {} : { maxWait: { milliseconds: max_wait_ms } }),
  };
}

function toRawOptions({ ttl_ms, fresh_ms, tags }: RawOptions): raw.EntryOptions {
  return { ttl: clamped(ttl_ms), freshFor: clamped(fresh_ms), tags };
}

/** JavaScript counts exactly up to 2^53, which is too long for any host. */
function clamped(milliseconds: number | undefined): number | undefined {
  return milliseconds && Math.min(milliseconds, Number.MAX_SAFE_INTEGER);
}

/** The bytes of a value: encoded, given, or just so many. */
function content({ value, hex, bytes }: StepOf<"commit"> | StepOf<"raw_set">): Uint8Array {
  const given = [value, hex, bytes].filter((content) => content !== undefined);
  if (given.length !== 1) throw protocol("one of `value`, `hex` and `bytes`");
  if (value !== undefined) return cache.encode(fromJson(value));
  return hex === undefined ? new Uint8Array(bytes ?? 0) : fromHex(hex);
}

function counts(): Json {
  const { hits, misses, writes, deletes, clears, tagEvictions, stampedeWaits } = cache.metrics();
  return {
    hits,
    misses,
    writes,
    deletes,
    clears,
    tag_evictions: tagEvictions,
    stampede_waits: stampedeWaits,
  };
}

function settings(): Json {
  const { host, port, db, useSsl, keyPrefix, socketTimeout, scheme, connectionUrl } =
    cache.config();
  return {
    host,
    port,
    db,
    use_ssl: useSsl,
    key_prefix: keyPrefix,
    socket_timeout_ms: socketTimeout * 1000,
    scheme,
    connection_url: connectionUrl,
  };
}
