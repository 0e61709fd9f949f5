/**
 * A typed cache for WebAssembly components, shared by the whole fleet: read, write, tags,
 * and "load this once, everywhere". README.md has an example and the whole of it in one
 * table.
 *
 * A mistake in the arguments' types is an `ArgumentError`; everything else that fails is
 * a `CacheError`; a miss is neither.
 */

export * from "./cache.ts";
export { decode, encode } from "./codec.ts";
export { Decimal } from "./decimal.ts";
export {
  ArgumentError,
  CacheError,
  DeniedError,
  InvalidKeyError,
  InvalidTtlError,
  KeyGenerationError,
  type Kind,
  LeaseHeldError,
  LoadFailedError,
  LockTimeoutError,
  OperationFailedError,
  QuotaExceededError,
  SerializationError,
  UnavailableError,
  UnsupportedError,
  ValueTooLargeError,
} from "./errors.ts";
export { Float } from "./float.ts";
export type { Outcome } from "./load.ts";
export {
  doNotStore,
  type Loadable,
  type Loaded,
  type LoadedOptions,
  loaded,
  type Unstored,
} from "./loaded.ts";
export { type Lease, type Lookup, type LookupOptions, lookup } from "./lookup.ts";
export type { Encoded, Options, ReadOptions, Time, WriteOptions } from "./options.ts";
export { clear, delete, evictTags } from "./raw.ts";
export * from "./reports.ts";
export type { Problem, Storable } from "./storable.ts";
export { key } from "./template.ts";
export { Uuid } from "./uuid.ts";
export { type CacheableOptions, cacheable, cacheEvict, type EvictOptions } from "./wrap.ts";
