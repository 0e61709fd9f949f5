/** Plays steps, and answers each. */

import * as cache from "spakky-cache";
import { readLine, write } from "spakky-cache/program";

import * as cached from "./cached.ts";
import { Failure, toAnswer } from "./failure.ts";
import { abandon, notRefused } from "./misuse.ts";
import { fromJson, type Json, toJson } from "./values.ts";

// The player in Rust checks the steps: every scenario is played there, too.
// biome-ignore lint/suspicious/noExplicitAny: steps are data
type Step = any;

/** Reads values so that the answer tells a float from an integer. */
const EXACT = { numbers: "exact" } as const;

/** Plays the lines of the input until it ends, or a pause does. */
export function playInput(): void {
  for (let line = readLine(); line !== undefined; line = readLine()) {
    if (playLine(line)) return;
  }
}

/** Plays a line; says whether it ended a pause. */
export function playLine(line: string): boolean {
  const step: Step = JSON.parse(line);
  answer(step);
  return step.op === "resume";
}

function answer(step: Step): void {
  let line: object;
  try {
    line = { ok: perform(step) ?? null };
  } catch (error) {
    line = { error: toAnswer(error) };
  }
  write(`${JSON.stringify(line)}\n`);
}

function perform(step: Step): unknown {
  switch (step.op) {
    case "get":
      return found(cache.get(step.key, EXACT));
    case "get_many":
      return cache.getMany(step.keys, EXACT).map(found);
    case "set":
      return cache.set(step.key, fromJson(step.value), toOptions(step));
    case "set_many": {
      const entries = step.entries.map(([key, value]: [string, Json]) => [key, fromJson(value)]);
      return cache.setMany(entries, toOptions(step));
    }
    case "delete":
      return cache.delete(step.key);
    case "delete_many":
      return cache.deleteMany(step.keys);
    case "evict_tags":
      return cache.evictTags(step.tags);
    case "clear":
      return cache.clear();
    case "get_or_load":
      return getOrLoad(step);
    case "get_or_load_outcome":
      return getOrLoadOutcome(step);
    case "describe":
      return describe(step.key);
    case "write_through":
    case "write_behind": {
      const store = step.op === "write_through" ? cache.writeThrough : cache.writeBehind;
      const [value, options] = [fromJson(step.value), toOptions(step)];
      return store(step.key, value, options, () => work(step.writer ?? {}, "writer"));
    }
    case "cacheable":
      return { value: profile(step), calls: cached.calls };
    case "cacheable_default":
      return { value: cached.pair(step.id, step.part), calls: cached.calls };
    case "cache_evict":
      return cached.evict[step.by as keyof typeof cached.evict]({ part: "", ...step });
    case "metrics":
      return counts();
    case "config":
      return settings();
    case "health":
      return cache.health(step.endpoint);
    case "info":
      return cache.info();
    case "key":
      return cache.key`k:${fromJson(step.value)}`;
    case "abandon":
      return abandon(step.key, step.how);
    case "misuse":
      return notRefused();
    case "hits": {
      let hits = 0;
      for (let time = 0; time < step.times; time++) if (cache.get(step.key) !== undefined) hits++;
      return hits;
    }
    case "pause":
      return playInput();
    case "resume":
      return null;
    default:
      throw new Failure("protocol", `only the player in Rust plays \`${step.op}\``);
  }
}

function found(value: unknown): Json {
  return value === undefined ? { hit: false } : { hit: true, value: toJson(value) };
}

function profile({ by = "name", id, part = "", fail }: Step): string {
  return cached.profile[by as keyof typeof cached.profile](id, part, fail);
}

function getOrLoad(step: Step): Json {
  const load = loaderOf(step.loader);
  let loaded = false;
  const found = cache.getOrLoad(step.key, { ...toOptions(step), ...EXACT }, () => {
    loaded = true;
    return load();
  });
  return { value: toJson(found), loaded };
}

function getOrLoadOutcome(step: Step): Json {
  const options = { ...toOptions(step), ...EXACT };
  const outcome = cache.getOrLoadOutcome(step.key, options, loaderOf(step.loader));
  const { value, source, stored, error, age, version } = outcome;
  const { kind = null } = error === undefined ? {} : (toAnswer(error) as { kind?: string });
  const entry = age !== undefined && version !== undefined;
  return { value: toJson(value), source, stored, error: kind, entry };
}

function loaderOf(loader: Step): () => cache.Loadable<unknown> {
  const value = fromJson(loader.value ?? null);
  const { tags, store, pass_ms } = loader;
  const chosen = { ...timesOf(loader), ...(tags === undefined ? {} : { tags }) };
  return () => {
    work(loader, "loader");
    if (pass_ms !== undefined) {
      return cache.doNotStore(value, { passFor: { milliseconds: pass_ms } });
    }
    if (store === false) return cache.doNotStore(value);
    return Object.keys(chosen).length === 0 ? value : cache.loaded(value, chosen);
  };
}

function describe(key: string): Json {
  const info = cache.describe(key);
  if (info === undefined) return null;
  const { version, age, freshFor, ttl, tags, size, loadTime } = info;
  return {
    version,
    age_ms: toMilliseconds(age),
    fresh_ms: toMilliseconds(freshFor),
    ttl_ms: toMilliseconds(ttl),
    tags: [...tags],
    size,
    load_ms: toMilliseconds(loadTime),
  };
}

function toMilliseconds(seconds: number | undefined): number | null {
  return seconds === undefined ? null : Math.round(seconds * 1000);
}

/** What a loader or writer does. */
function work({ fail, then = [] }: Step, who: "loader" | "writer"): void {
  for (const step of then) answer(step);
  if (fail !== undefined) throw new Failure(who, fail);
}

function toOptions({ options = {} }: Step): cache.Options {
  const { ttl_s, tags, max_wait_ms, stale_if_error, retry_after_ms, strict } = options;
  const seconds = ttl_s === undefined ? undefined : Number(ttl_s.$float ?? ttl_s);
  return {
    ...timesOf(options),
    ...(seconds === undefined ? {} : { ttl: seconds }),
    ...(tags === undefined ? {} : { tags }),
    ...(max_wait_ms === undefined ? {} : { maxWait: { milliseconds: max_wait_ms } }),
    ...(stale_if_error === undefined ? {} : { staleIfError: stale_if_error }),
    ...(retry_after_ms === undefined ? {} : { retryAfter: { milliseconds: retry_after_ms } }),
    ...(strict === undefined ? {} : { strict }),
  };
}

function timesOf({ ttl_ms, fresh_ms }: Step): Pick<cache.Options, "ttl" | "freshFor"> {
  return {
    ...(ttl_ms === undefined ? {} : { ttl: { milliseconds: ttl_ms } }),
    ...(fresh_ms === undefined ? {} : { freshFor: { milliseconds: fresh_ms } }),
  };
}

function counts(): Json {
  const { tagEvictions, stampedeWaits, ...counts } = cache.metrics();
  return { ...counts, tag_evictions: tagEvictions, stampede_waits: stampedeWaits };
}

function settings(): Json {
  const { useSsl, keyPrefix, socketTimeout, connectionUrl, ...settings } = cache.config();
  return {
    ...settings,
    use_ssl: useSsl,
    key_prefix: keyPrefix,
    socket_timeout_ms: socketTimeout * 1000,
    connection_url: connectionUrl,
  };
}
