/** Concatenates. */
export declare function join(pieces: readonly Uint8Array[]): Uint8Array;
