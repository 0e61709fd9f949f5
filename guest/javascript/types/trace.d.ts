/** What the build notes of the program: where each piece of it was written. */
export interface Lines {
    readonly files: readonly string[];
    /** Of each line, with commas between them: `COLUMN:FILE:LINE`, from that column on. */
    readonly lines: string;
}
/** That what is shown names the author's files and lines. */
export declare function traceWith(noted: Lines | undefined): void;
/** A stack, in the files and lines that the program was written in. */
export declare function located(stack: string): string;
/**
 * The module that a function was written in, relative to the program: `shop.prices` of
 * `shop/prices.ts`. None if it is not known, or lies elsewhere.
 */
export declare function moduleOf(fn: (...args: never[]) => unknown): string | undefined;
