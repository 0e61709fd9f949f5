/** The items of CBOR, as they are written: each as short as it can be. */
/** What an item is: the first three bits. */
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
/** Bytes that become more. */
export declare class Writer {
    #private;
    written(): Uint8Array;
    /** What an item is, with its number, its length, or how many there are in it. */
    head(major: number, value: number | bigint): void;
    integer(value: number | bigint): void;
    bytes(bytes: Uint8Array): void;
    /** In the fewest bytes that keep its value. */
    float(value: number): void;
}
/** By the first byte in which they differ. */
export declare function compare(a: Uint8Array, b: Uint8Array): number;
