import { ArgumentError } from "./errors.ts";

const TEXT =
  /^(?<sign>[+-]?)(?<whole>[0-9]*)(?:\.(?<fraction>[0-9]*))?(?:e(?<exponent>[+-]?[0-9]+))?$/i;

/**
 * A decimal number, `mantissa` × 10^`exponent`: `new Decimal("1.10")` keeps its last digit. It
 * holds and spells a number, and leaves arithmetic to packages that have it.
 */
export class Decimal {
  readonly #mantissa: bigint;
  readonly #exponent: number;

  /** Of a text such as `1.10` or `-1.2E+4`, or of a mantissa and an exponent. */
  constructor(text: string);
  constructor(mantissa: bigint, exponent: number);
  constructor(of: string | bigint, exponent = 0) {
    [this.#mantissa, this.#exponent] = typeof of === "string" ? parse(of) : [of, exponent];
    if (typeof this.#mantissa !== "bigint" || !Number.isSafeInteger(this.#exponent)) {
      throw new ArgumentError("a decimal is a bigint times a power of ten, or a text of one");
    }
  }

  get mantissa(): bigint {
    return this.#mantissa;
  }

  get exponent(): number {
    return this.#exponent;
  }

  /** With all of its digits, and an exponent only where there are digits that it has not. */
  toString(): string {
    const negative = this.#mantissa < 0n;
    const digits = String(negative ? -this.#mantissa : this.#mantissa);
    return (negative ? "-" : "") + spell(digits, this.#exponent);
  }

  toJSON(): string {
    return this.toString();
  }
}

function parse(text: string): [bigint, number] {
  const { sign, whole = "", fraction = "", exponent = "0" } = TEXT.exec(text)?.groups ?? {};
  const digits = whole + fraction;
  if (digits === "") throw new ArgumentError(`\`${text}\` is no decimal number`);
  const mantissa = BigInt(digits);
  if (sign === "-" && mantissa === 0n) throw new ArgumentError("a decimal is no negative zero");
  return [sign === "-" ? -mantissa : mantissa, Number(exponent) - fraction.length];
}

/** As other languages spell it: with a point if at most six digits are behind it in vain. */
function spell(digits: string, exponent: number): string {
  const leading = exponent + digits.length - 1;
  if (exponent <= 0 && leading >= -6) {
    const padded = digits.padStart(1 - exponent, "0");
    const point = padded.length + exponent;
    return exponent === 0 ? padded : `${padded.slice(0, point)}.${padded.slice(point)}`;
  }
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
  return `${digits[0]}${fraction}E${leading < 0 ? "" : "+"}${leading}`;
}
