/** What is in a directory. */
export interface Entry {
    readonly name: string;
    /** A link is not followed. */
    readonly kind: "file" | "directory" | "link" | "other";
}
/** Why a file or directory could not be read. */
export declare class FileError extends Error {
    readonly path: string;
    readonly code: string;
    /** @param code - WASI's name of the failure, such as `no-entry`, or `not-granted`. */
    constructor(path: string, code: string);
    get name(): string;
}
/** All of a file. */
export declare function readFile(path: string): Uint8Array;
/** What is in a directory, in no order. */
export declare function readDirectory(path: string): Entry[];
