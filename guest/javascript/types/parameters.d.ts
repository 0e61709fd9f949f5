/**
 * The names and defaults of a function's parameters, as its source has them, so that a
 * template can name them.
 */
interface Step {
    readonly at: number | string;
    /** The source of what takes the place of undefined. */
    readonly otherwise: string | undefined;
}
/** Where the value of each name, and of each position (`0`), is in a list of arguments. */
export type Parameters = ReadonlyMap<string, readonly Step[]>;
/** What names an argument by its position, and not by a name. */
export declare const POSITION: RegExp;
/** None, if the source cannot be seen: that of a function of the engine, or a bound one. */
export declare function parametersOf(fn: (...args: never[]) => unknown): Parameters | undefined;
/** Whether a function uses the object that it belongs to, as its source has it. */
export declare function usesObject<A extends unknown[]>(fn: (...args: A) => unknown): boolean;
/** The values of the parameters in a call, with their defaults. */
export declare function bind(parameters: Parameters, args: readonly unknown[]): Record<string, unknown>;
/** The arguments of a call, with the defaults of those left out, up to the last that is there. */
export declare function inOrder(parameters: Parameters, args: readonly unknown[]): unknown[];
export {};
