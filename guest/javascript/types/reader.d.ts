/** The items of CBOR, as they are read: each in any of the ways to write it. */
/** Bytes that become less. */
export declare class Reader {
    #private;
    major: number;
    /** What is in the rest of the first byte: how the value is written. */
    minor: number;
    /** Its number, length, or how many there are in it: `Infinity`, if its end is marked. */
    value: number | bigint;
    constructor(bytes: Uint8Array);
    /** How many bytes there still are. */
    get left(): number;
    next(): void;
    /** The bytes of the text or bytes that begins here, which may come in pieces. */
    string(): Uint8Array;
    /** Takes the mark of the end, if that is what is here, and it is to be marked. */
    ends(length: number | bigint): boolean;
}
