/// <reference path="./host.d.ts" />

import type * as Host from "spakky:cache/actuator@0.2.0";
import actuator from "spakky:cache/actuator@0.2.0";
import cache from "spakky:cache/cache@0.2.0";
import host from "spakky:cache/config@0.2.0";

import { ArgumentError } from "./errors.ts";

/** Counts since the host started, for this component's cache. */
export interface Metrics {
  /** Reads answered with a value. */
  readonly hits: number;
  /** Reads answered with none: one for a load, however long it takes. */
  readonly misses: number;
  /** Entries stored. */
  readonly writes: number;
  /** Deletes that found an entry. */
  readonly deletes: number;
  /** Calls of `clear`. */
  readonly clears: number;
  /** Calls of `evictTags` that named a tag. */
  readonly tagEvictions: number;
  /** Lookups that waited for another caller's load. */
  readonly stampedeWaits: number;
  /** Lookups that met the entry that their `unless` named: one that could not be decoded. */
  readonly rejections: number;
}

/** The counts as they stand. */
export function metrics(): Metrics {
  return cache.metrics();
}

/** What a component may know of how its cache is set up. Never a credential. */
export interface Config {
  /** Name or address of the backend; empty where the store is in the host. */
  readonly host: string;
  /** Port of the backend; 0 where the store is in the host. */
  readonly port: number;
  /** Number of the database. */
  readonly db: number;
  /** Whether the connection is encrypted. */
  readonly useSsl: boolean;
  /** What every key of this cache begins with, in the backend. */
  readonly keyPrefix: string;
  /** The longest that one operation of the backend may take, in seconds. */
  readonly socketTimeout: number;
  /** `redis` or `rediss`; `embedded` where the store is in the host. */
  readonly scheme: string;
  /** Scheme, host, port and database, without credentials. */
  readonly connectionUrl: string;
}

/** The settings in force. */
export function config(): Config {
  const settings = host.get();
  return { ...settings, socketTimeout: settings.socketTimeout / 1000 };
}

/** What is asked about: is all well, can it serve now, is it alive? */
export type Endpoint = "health" | "readiness" | "liveness";

/** The answer. */
export type HealthStatus = "healthy" | "unhealthy";

/** Values of a report, by name. */
export type Details = Readonly<Record<string, string | number | boolean>>;

/** The whole, and its parts. */
export interface HealthReport {
  /** What was asked about. */
  readonly endpoint: Endpoint;
  /** Unhealthy if a required component is; healthy if there is none. */
  readonly status: HealthStatus;
  /** Sorted by name, which is unique. */
  readonly components: readonly {
    readonly name: string;
    readonly status: HealthStatus;
    /** Whether this component being unhealthy makes the whole unhealthy. */
    readonly required: boolean;
    readonly details: Details;
  }[];
}

/** The health of the host, its cache, and every component that it loaded. */
export function health(endpoint: Endpoint): HealthReport {
  if (!["health", "readiness", "liveness"].includes(endpoint)) {
    throw new ArgumentError("an endpoint is `health`, `readiness` or `liveness`");
  }
  const report = actuator.health(endpoint);
  return {
    ...report,
    components: report.components.map((component) => ({
      ...component,
      details: byName(component.details),
    })),
  };
}

/** What one contributor adds to the info, such as `redis-cache-metrics`. */
export interface InfoSection {
  /** Unique in the info. */
  readonly name: string;
  /** Values that belong together, such as `redis_cache`. */
  readonly groups: readonly { readonly name: string; readonly entries: Details }[];
}

/** What the host and its components tell of themselves, sorted by name. */
export function info(): InfoSection[] {
  return actuator.info().map(({ name, groups }) => ({
    name,
    groups: groups.map((group) => ({ name: group.name, entries: byName(group.entries) })),
  }));
}

function byName(details: Host.Details): Details {
  return Object.fromEntries(details.map(([name, detail]) => [name, detail.val]));
}
