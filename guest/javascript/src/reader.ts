/** Reads the items of CBOR, of any width. */

import { SerializationError } from "./errors.ts";
import { Major } from "./writer.ts";

/** A position in the bytes that are decoded. */
export class Reader {
  /** The major type of the item whose head `next` has read. */
  major = 0;
  /** The additional information of its first byte. */
  minor = 0;
  /** Its number, its length, or the count of its items. */
  value: number | bigint = 0;

  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** How many bytes are left. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  next(): void {
    const first = this.#bytes[this.#take(1)] as number;
    this.major = first >>> 5;
    this.minor = first & 31;
    this.value = this.minor < 24 ? this.minor : this.#long();
  }

  #long(): number | bigint {
    const view = this.#view;
    const float = this.major === Major.simple;
    switch (this.minor) {
      case 24:
        return view.getUint8(this.#take(1));
      case 25: {
        const at = this.#take(2);
        return float ? fromHalf(view.getUint16(at)) : view.getUint16(at);
      }
      case 26: {
        const at = this.#take(4);
        return float ? view.getFloat32(at) : view.getUint32(at);
      }
      case 27: {
        const at = this.#take(8);
        if (float) return view.getFloat64(at);
        const value = view.getBigUint64(at);
        return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
      }
      case 31:
        if (this.major >= Major.bytes && this.major <= Major.map) {
          throw malformed("a length is indefinite");
        }
    }
    throw malformed("it has a reserved head or a break");
  }

  /** The content of the text or bytes whose head was read. */
  string(): Uint8Array {
    const begin = this.#take(this.value);
    return this.#bytes.slice(begin, this.#at);
  }

  /** Takes the next bytes; returns where they begin. */
  #take(length: number | bigint): number {
    if (length > this.left) throw malformed("it is truncated");
    const begin = this.#at;
    this.#at += Number(length);
    return begin;
  }
}

function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function malformed(reason: string): SerializationError {
  return new SerializationError(`cannot decode the entry: ${reason}`);
}
