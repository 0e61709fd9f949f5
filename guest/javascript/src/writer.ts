/** Writes the items of CBOR, with preferred serialization. */

/** The major types: the first three bits of an item. */
export const Major = {
  unsigned: 0,
  negative: 1,
  bytes: 2,
  text: 3,
  array: 4,
  map: 5,
  tag: 6,
  simple: 7,
} as const;

/** A growing buffer. */
export class Writer {
  #buffer = new Uint8Array(64);
  #view = new DataView(this.#buffer.buffer);
  #length = 0;

  written(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Writes the head of an item: its major type, and its number, length or count. */
  head(major: number, value: number | bigint): void {
    this.#reserve(9);
    const at = this.#length;
    const first = major << 5;
    if (value < 24) {
      this.#buffer[at] = first | Number(value);
      this.#length += 1;
    } else if (value < 0x100) {
      this.#buffer[at] = first | 24;
      this.#buffer[at + 1] = Number(value);
      this.#length += 2;
    } else if (value < 0x10000) {
      this.#buffer[at] = first | 25;
      this.#view.setUint16(at + 1, Number(value));
      this.#length += 3;
    } else if (value < 0x100000000) {
      this.#buffer[at] = first | 26;
      this.#view.setUint32(at + 1, Number(value));
      this.#length += 5;
    } else {
      this.#buffer[at] = first | 27;
      this.#view.setBigUint64(at + 1, BigInt(value));
      this.#length += 9;
    }
  }

  integer(value: number | bigint): void {
    if (value >= 0) this.head(Major.unsigned, value);
    else this.head(Major.negative, typeof value === "bigint" ? -1n - value : -1 - value);
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Writes a float in the fewest bytes that keep its value. */
  float(value: number): void {
    this.#reserve(9);
    const at = this.#length;
    const half = toHalf(value);
    if (half !== undefined) {
      this.#buffer[at] = 0xf9;
      this.#view.setUint16(at + 1, half);
      this.#length += 3;
    } else if (Math.fround(value) === value) {
      this.#buffer[at] = 0xfa;
      this.#view.setFloat32(at + 1, value);
      this.#length += 5;
    } else {
      this.#buffer[at] = 0xfb;
      this.#view.setFloat64(at + 1, value);
      this.#length += 9;
    }
  }

  #reserve(more: number): void {
    const least = this.#length + more;
    if (least <= this.#buffer.length) return;
    const longer = new Uint8Array(Math.max(least, 2 * this.#buffer.length));
    longer.set(this.written());
    this.#buffer = longer;
    this.#view = new DataView(longer.buffer);
  }
}

const single = new DataView(new ArrayBuffer(4));

/** The bits of the half-precision float with this value, if there is one. */
function toHalf(value: number): number | undefined {
  if (Number.isNaN(value)) return 0x7e00;
  if (Math.fround(value) !== value) return undefined;
  single.setFloat32(0, value);
  const bits = single.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  if (value === 0) return sign;
  if (!Number.isFinite(value)) return sign | 0x7c00;
  const exponent = ((bits >>> 23) & 0xff) - 127;
  const fraction = bits & 0x7fffff;
  if (exponent >= -14 && exponent <= 15) {
    return fraction & 0x1fff ? undefined : sign | ((exponent + 15) << 10) | (fraction >>> 13);
  }
  // In subnormal floats, the leading bit is part of the fraction.
  if (exponent < -24 || exponent > 15) return undefined;
  const whole = fraction | 0x800000;
  const lost = -1 - exponent;
  return whole & ((1 << lost) - 1) ? undefined : sign | (whole >>> lost);
}

/** Compares bytewise. */
export function compare(a: Uint8Array, b: Uint8Array): number {
  for (let at = 0; at < a.length && at < b.length; at++) {
    const difference = (a[at] as number) - (b[at] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
