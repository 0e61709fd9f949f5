/** A UUID, stored as its 16 bytes, which other languages read as a UUID of theirs. */
export declare class Uuid {
    #private;
    /** Of a text such as `6ba7b810-9dad-11d1-80b4-00c04fd430c8`, or of 16 bytes. */
    constructor(of: string | Uint8Array);
    get bytes(): Uint8Array;
    /** Its text, in small letters. */
    toString(): string;
    toJSON(): string;
}
