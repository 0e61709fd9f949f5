/**
 * A decimal number, `mantissa` × 10^`exponent`: `new Decimal("1.10")` keeps its last digit. It
 * holds and spells a number, and leaves arithmetic to packages that have it.
 */
export declare class Decimal {
    #private;
    /** Of a text such as `1.10` or `-1.2E+4`, or of a mantissa and an exponent. */
    constructor(text: string);
    constructor(mantissa: bigint, exponent: number);
    get mantissa(): bigint;
    get exponent(): number;
    /** With all of its digits, and an exponent only where there are digits that it has not. */
    toString(): string;
    toJSON(): string;
}
