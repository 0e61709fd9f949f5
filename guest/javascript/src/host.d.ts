// The contract (wit/0.2) as the engine hands it to JavaScript: an option's `none` is
// null or undefined, an error is thrown as the `payload` of an `Error`, a result within
// another has a `tag`, a 64-bit number is exact up to 2^53, and an argument of a wrong
// type traps.

declare module "spakky:cache/types@0.2.0" {
  export type HostError =
    | {
        tag: "invalid-ttl" | "invalid-key" | "quota-exceeded" | "unsupported";
        val: string;
      }
    | { tag: "value-too-large" | "load-failed"; val: number }
    | { tag: "lock-timeout" | "lease-held" | "unavailable" | "operation-failed" | "denied" };
}

declare module "spakky:cache/cache@0.2.0" {
  import type { HostError } from "spakky:cache/types@0.2.0";

  export interface EntryOptions {
    ttl: number | undefined;
    freshFor: number | undefined;
    tags: string[];
  }
  export interface LookupOptions {
    tags: string[];
    maxWait: number | undefined;
    unless: number | undefined;
    strict: boolean;
  }
  export interface Lease {
    commit(value: Uint8Array, options: EntryOptions): boolean;
    pass(duration: number): boolean;
    fail(retryAfter: number): boolean;
    release(): void;
    drop(): void;
  }
  export interface Found {
    value: Uint8Array;
    version: number;
    age: number;
  }
  export type LookupResult =
    | { tag: "hit"; val: Found }
    | { tag: "stale"; val: { entry: Found; fresh: boolean; refresh: Lease | null } }
    | { tag: "miss"; val: Lease }
    | { tag: "pass" };
  export interface EntryInfo {
    version: number;
    age: number;
    freshFor: number | null;
    ttl: number | null;
    tags: string[];
    size: number;
    loadTime: number;
  }
  export interface MetricsSnapshot {
    hits: number;
    misses: number;
    writes: number;
    deletes: number;
    clears: number;
    tagEvictions: number;
    stampedeWaits: number;
    rejections: number;
  }
  export type Result<T> = { tag: "ok"; val: T } | { tag: "err"; val: HostError };
  const cache: {
    get(key: string): Uint8Array | null;
    getMany(keys: string[]): Result<Uint8Array | null>[];
    set(key: string, value: Uint8Array, options: EntryOptions): void;
    setMany(entries: [string, Uint8Array][], options: EntryOptions): Result<undefined>[];
    delete(key: string): boolean;
    deleteMany(keys: string[]): Result<boolean>[];
    evictTags(tags: string[]): void;
    clear(): void;
    describe(key: string): EntryInfo | null;
    lookup(key: string, options: LookupOptions): LookupResult;
    beginWrite(key: string, tags: string[]): Lease;
    metrics(): MetricsSnapshot;
  };
  export default cache;
}

declare module "spakky:cache/config@0.2.0" {
  const config: {
    get(): {
      host: string;
      port: number;
      db: number;
      useSsl: boolean;
      keyPrefix: string;
      socketTimeout: number;
      scheme: string;
      connectionUrl: string;
    };
  };
  export default config;
}

declare module "spakky:cache/actuator@0.2.0" {
  export type Endpoint = "health" | "readiness" | "liveness";
  export type Status = "healthy" | "unhealthy";
  export type Details = [
    string,
    (
      | { tag: "text"; val: string }
      | { tag: "integer" | "number"; val: number }
      | { tag: "flag"; val: boolean }
    ),
  ][];
  const actuator: {
    health(endpoint: Endpoint): {
      endpoint: Endpoint;
      status: Status;
      components: { name: string; status: Status; required: boolean; details: Details }[];
    };
    info(): { name: string; groups: { name: string; entries: Details }[] }[];
  };
  export default actuator;
}

// Of WASI 0.2, what `spakky-cache/program` uses.

declare module "wasi:cli/environment@0.2.12" {
  const environment: {
    getEnvironment(): [string, string][];
    getArguments(): string[];
  };
  export default environment;
}

declare module "wasi:cli/exit@0.2.12" {
  const exit: { exit(status: { tag: "ok" | "err" }): never };
  export default exit;
}

declare module "wasi:io/streams@0.2.12" {
  export interface InputStream {
    blockingRead(length: number): Uint8Array;
  }
  export interface OutputStream {
    blockingWriteAndFlush(contents: Uint8Array): void;
  }
}

declare module "wasi:cli/stdin@0.2.12" {
  import type { InputStream } from "wasi:io/streams@0.2.12";

  const stdin: { getStdin(): InputStream };
  export default stdin;
}

declare module "wasi:cli/stdout@0.2.12" {
  import type { OutputStream } from "wasi:io/streams@0.2.12";

  const stdout: { getStdout(): OutputStream };
  export default stdout;
}

declare module "wasi:cli/stderr@0.2.12" {
  import type { OutputStream } from "wasi:io/streams@0.2.12";

  const stderr: { getStderr(): OutputStream };
  export default stderr;
}

declare module "wasi:clocks/monotonic-clock@0.2.12" {
  const clock: {
    now(): number;
    subscribeDuration(nanoseconds: number): { block(): void; drop(): void };
  };
  export default clock;
}

declare module "wasi:random/random@0.2.12" {
  const random: { getRandomU64(): number };
  export default random;
}

declare module "wasi:filesystem/types@0.2.12" {
  export interface Descriptor {
    read(length: number, offset: number): [Uint8Array, boolean];
    readDirectory(): {
      readDirectoryEntry(): { type: string; name: string } | null;
      drop(): void;
    };
    openAt(
      pathFlags: { symlinkFollow?: boolean },
      path: string,
      openFlags: { directory?: boolean },
      flags: { read?: boolean },
    ): Descriptor;
    drop(): void;
  }
}

declare module "wasi:filesystem/preopens@0.2.12" {
  import type { Descriptor } from "wasi:filesystem/types@0.2.12";

  const preopens: { getDirectories(): [Descriptor, string][] };
  export default preopens;
}
