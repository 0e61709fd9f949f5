/** Why a value cannot be stored, and what to store in its place. */
/** Of what is neither a plain object, a plain array, a `Uint8Array` nor a `Map`. */
export declare function instanceOf(value: object): string;
/** Of a plain value that has no encoding. */
export declare function plain(value: unknown): string;
export declare const MORE_THAN_ITEMS = "an array with a field, a symbol or a hole beside its items, which would be lost: store an object";
export declare const HIDDEN_FIELD = "an object with a symbol or a hidden field, which would be lost: leave it out";
export declare const MORE_THAN_PAIRS = "a `Map` with a field of its own, which would be lost: leave it out";
export declare const MORE_THAN_ELEMENTS = "a `Set` with a field of its own, which would be lost: leave it out";
export declare const MORE_THAN_TIME = "a `Date` with a field of its own, which would be lost: leave it out";
export declare const NO_TIME = "a `Date` that is invalid, or outside of the years 1 to 9999: store null";
export declare const LARGE_DECIMAL = "a `Decimal` of more than 64 bits: store a text of it, or give the options `encode` and `decode`";
export declare const MAP_OF_TEXTS: string;
export declare const SMALL_BIGINT = "a bigint that would come back as a number: store `Number(value)`, or give the options `encode` and `decode`";
export declare const LARGE_BIGINT = "an integer of more than 64 bits: store a text of it, or give the options `encode` and `decode`";
export declare const LONE_SURROGATE = "a text with a lone surrogate: `toWellFormed()` replaces it";
/** `lines[0].price`: where a value is in another, from the keys and indices on the way. */
export declare function pathOf(steps: readonly unknown[]): string;
