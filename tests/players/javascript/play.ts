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
    case "write_through":
    case "write_behind": {
      const store = step.op === "write_through" ? cache.writeThrough : cache.writeBehind;
      const [value, options] = [fromJson(step.value), toOptions(step)];
      return store(step.key, value, options, () => work(step.writer ?? {}, "writer"));
    }
    case "cacheable":
      return { value: cached.profile(step.id, step.part ?? "", step.fail), calls: cached.calls };
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

function getOrLoad(step: Step): Json {
  const [value, options] = [fromJson(step.loader.value ?? null), toOptions(step)];
  let loaded = false;
  const found = cache.getOrLoad(step.key, { ...options, ...EXACT }, () => {
    loaded = true;
    work(step.loader, "loader");
    return value;
  });
  return { value: toJson(found), loaded };
}

/** What a loader or writer does. */
function work({ fail, then = [] }: Step, who: "loader" | "writer"): void {
  for (const step of then) answer(step);
  if (fail !== undefined) throw new Failure(who, fail);
}

function toOptions({ options = {} }: Step): cache.Options {
  const { ttl_ms, ttl_s, fresh_ms, tags, max_wait_ms } = options;
  const seconds = ttl_s === undefined ? undefined : Number(ttl_s.$float ?? ttl_s);
  return {
    ...(ttl_ms === undefined ? {} : { ttl: { milliseconds: ttl_ms } }),
    ...(seconds === undefined ? {} : { ttl: seconds }),
    ...(fresh_ms === undefined ? {} : { freshFor: { milliseconds: fresh_ms } }),
    ...(tags === undefined ? {} : { tags }),
    ...(max_wait_ms === undefined ? {} : { maxWait: { milliseconds: max_wait_ms } }),
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
