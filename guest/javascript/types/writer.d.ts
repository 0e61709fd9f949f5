/** Writes the items of CBOR, with preferred serialization. */
/** The major types: the first three bits of an item. */
export declare const Major: {
    readonly unsigned: 0;
    readonly negative: 1;
    readonly bytes: 2;
    readonly text: 3;
    readonly array: 4;
    readonly map: 5;
    readonly tag: 6;
    readonly simple: 7;
};
/** A growing buffer. */
export declare class Writer {
    #private;
    written(): Uint8Array;
    /** Writes the head of an item: its major type, and its number, length or count. */
    head(major: number, value: number | bigint): void;
    integer(value: number | bigint): void;
    bytes(bytes: Uint8Array): void;
    /** Writes a float in the fewest bytes that keep its value. */
    float(value: number): void;
}
/** Compares bytewise. */
export declare function compare(a: Uint8Array, b: Uint8Array): number;
