import { decodeText, encodeText } from "./text.ts";
import { type Lines } from "./trace.ts";
export { type Entry, FileError, readDirectory, readFile } from "./files.ts";
export { decodeText, encodeText };
/** What a program is. It returns an exit code, or nothing: anything but 0 is a failure. */
export type Main = (args: string[]) => unknown;
/** Runs a program: what the build puts around it. */
export declare function start(main: Main, lines?: Lines): void;
/** Ends the program. WASI 0.2 tells the host no more of the code than whether it is 0. */
export declare function exit(code?: number): never;
/** The value of an environment variable that the program was granted. */
export declare function variable(name: string): string | undefined;
/** Writes a text to the standard output, as it is. */
export declare function write(text: string): void;
/**
 * What the build puts where a program names `console`: as in Node, each call writes a line,
 * `error` and `warn` to the standard error.
 */
declare const printing: {
    log: (...values: unknown[]) => void;
    info: (...values: unknown[]) => void;
    debug: (...values: unknown[]) => void;
    warn: (...values: unknown[]) => void;
    error: (...values: unknown[]) => void;
};
export { printing as console };
declare global {
    /** What is there of it. Where the rest is known, this is a part of it. */
    interface Console {
        log(...values: unknown[]): void;
        info(...values: unknown[]): void;
        debug(...values: unknown[]): void;
        warn(...values: unknown[]): void;
        error(...values: unknown[]): void;
    }
    var console: Console;
}
/**
 * The next line of the standard input, without its end; `undefined` if there is none. It
 * waits for no more than the line.
 */
export declare function readLine(): string | undefined;
/** Seconds since some time in the past: for measuring, never goes back. */
export declare function now(): number;
/** Does nothing for so many seconds. */
export declare function sleep(seconds: number): void;
