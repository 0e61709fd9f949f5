import { ArgumentError } from "./errors.ts";

const TEXT = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A UUID, stored as its 16 bytes, which other languages read as a UUID of theirs. */
export class Uuid {
  readonly #text: string;

  /** Of a text such as `6ba7b810-9dad-11d1-80b4-00c04fd430c8`, or of 16 bytes. */
  constructor(of: string | Uint8Array) {
    if (of instanceof Uint8Array && of.length === 16) {
      const hex = Array.from(of, (byte) => byte.toString(16).padStart(2, "0")).join("");
      this.#text = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
    } else if (typeof of === "string" && TEXT.test(of)) {
      this.#text = of.toLowerCase();
    } else {
      throw new ArgumentError("a UUID is neither a text of one nor 16 bytes");
    }
  }

  get bytes(): Uint8Array {
    const digits = this.#text.replaceAll("-", "").match(/../g) as string[];
    return Uint8Array.from(digits, (pair) => Number.parseInt(pair, 16));
  }

  /** Its text, in small letters. */
  toString(): string {
    return this.#text;
  }

  toJSON(): string {
    return this.#text;
  }
}
