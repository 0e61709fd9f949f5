/** The items of CBOR, as they are read: each in any of the ways to write it. */

import { join } from "./bytes.ts";
import { SerializationError } from "./errors.ts";
import { Major } from "./writer.ts";

const END = 0xff;

/** Bytes that become less. */
export class Reader {
  // The beginning of an item, as `next` has found it.
  major = 0;
  /** What is in the rest of the first byte: how the value is written. */
  minor = 0;
  /** Its number, length, or how many there are in it: `Infinity`, if its end is marked. */
  value: number | bigint = 0;

  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** How many bytes there still are. */
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
        if (this.major >= Major.bytes && this.major <= Major.map) return Number.POSITIVE_INFINITY;
    }
    throw malformed("it begins like no item");
  }

  /** The bytes of the text or bytes that begins here, which may come in pieces. */
  string(): Uint8Array {
    const { major, value } = this;
    if (value !== Number.POSITIVE_INFINITY) {
      const begin = this.#take(value);
      return this.#bytes.slice(begin, this.#at);
    }
    const pieces: Uint8Array[] = [];
    while (!this.ends(value)) {
      this.next();
      if (this.major !== major || this.value === Number.POSITIVE_INFINITY) {
        throw malformed("a string has a piece that is none");
      }
      pieces.push(this.string());
    }
    return join(pieces);
  }

  /** Takes the mark of the end, if that is what is here, and it is to be marked. */
  ends(length: number | bigint): boolean {
    if (length !== Number.POSITIVE_INFINITY || this.#bytes[this.#at] !== END) return false;
    this.#at += 1;
    return true;
  }

  /** So many bytes more: where they begin. */
  #take(length: number | bigint): number {
    if (length > this.left) throw malformed("it ends too early");
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
