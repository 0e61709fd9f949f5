/** Reads the items of CBOR, of any width. */
/** A position in the bytes that are decoded. */
export declare class Reader {
    #private;
    /** The major type of the item whose head `next` has read. */
    major: number;
    /** The additional information of its first byte. */
    minor: number;
    /** Its number, its length, or the count of its items. */
    value: number | bigint;
    constructor(bytes: Uint8Array);
    /** How many bytes are left. */
    get left(): number;
    next(): void;
    /** The content of the text or bytes whose head was read. */
    string(): Uint8Array;
}
