/**
 * Values as CBOR (RFC 8949), the encoding that every guest library shares: written in its
 * core deterministic form, read in any.
 *
 * Written here, since what there is does not keep to that: cborg 6.1.5 writes -0 as an
 * integer and some half-precision floats as longer ones, takes broken UTF-8 for U+FFFD,
 * and needs a `TextDecoder`, which the component's engine has not.
 */
import type { ReadOptions } from "./options.ts";
/**
 * Arrays and maps within each other. The component's stack holds about 600 calls, and a
 * stack that is used up cannot be caught: so there is one call a level, and a limit.
 */
export declare const MAX_DEPTH = 128;
/** The bytes of a value, as all operations store it; a `SerializationError` if it has none. */
export declare function encode(value: unknown): Uint8Array;
/** The one value that these bytes are, as all operations read it. */
export declare function decode(bytes: Uint8Array, { check, numbers }?: ReadOptions): unknown;
