/**
 * The encoding of values: the profile of CBOR (RFC 8949) that wit/VALUES.md defines.
 *
 * No package keeps to it: cborg 6.1.5 writes -0 as an integer and some half-precision
 * floats as longer ones, replaces invalid UTF-8 with U+FFFD, and needs a `TextDecoder`,
 * which the component's engine lacks.
 */
import type { ReadOptions, WriteOptions } from "./options.ts";
/**
 * How deeply arrays and maps may be nested. The component's stack holds about 600 calls, and
 * a stack overflow cannot be caught, so each level takes one call.
 */
export declare const MAX_DEPTH = 128;
/**
 * Encodes a value: what the option `encode` makes of it, if there is one. Throws a
 * `SerializationError`, which names the field, if it would not come back as it is.
 */
export declare function encode(value: unknown, { check, encode: hook }?: WriteOptions): Uint8Array;
/** Refuses a value that every later read would refuse. */
export declare function checkValue(value: unknown, check: WriteOptions["check"]): void;
/**
 * Decodes exactly one value, and makes of it what the option `decode` does, if there is one.
 * Throws a `SerializationError` if the bytes are anything else.
 */
export declare function decode(bytes: Uint8Array, { check, numbers, decode: hook }?: ReadOptions): unknown;
