/** Of an error that names what other engines have, why it is not there. */
export declare function hintFor(error: unknown): string | undefined;
