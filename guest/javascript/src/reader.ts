/** The items of CBOR, as they are read: each in any of the ways to write it. */

import { join } from "./bytes.ts";
import { SerializationError } from "./errors.ts";
import { Major } from "./writer.ts";

/** The beginning of an item. */
export interface Head {
  readonly major: number;
  /** What is in the rest of the first byte: how the value is written. */
  readonly minor: number;
  /** Its number, length, or how many there are in it: `Infinity`, if its end is marked. */
  readonly value: number | bigint;
}

const END = 0xff;

/** Bytes that become less. */
export class Reader {
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

  head(): Head {
    const first = this.#bytes[this.#take(1)] as number;
    const [major, minor] = [first >>> 5, first & 31];
    return { major, minor, value: this.#value(major, minor) };
  }

  #value(major: number, minor: number): number | bigint {
    if (minor < 24) return minor;
    const view = this.#view;
    const float = major === Major.simple;
    switch (minor) {
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
        if (major >= Major.bytes && major <= Major.map) return Number.POSITIVE_INFINITY;
    }
    throw malformed("it begins like no item");
  }

  /** The bytes of a text or bytes, which may come in pieces. */
  string(major: number, length: number | bigint): Uint8Array {
    if (length !== Number.POSITIVE_INFINITY) {
      const begin = this.#take(length);
      return this.#bytes.slice(begin, this.#at);
    }
    const pieces: Uint8Array[] = [];
    while (!this.ends(length)) {
      const piece = this.head();
      if (piece.major !== major || piece.value === Number.POSITIVE_INFINITY) {
        throw malformed("a string has a piece that is none");
      }
      pieces.push(this.string(major, piece.value));
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
