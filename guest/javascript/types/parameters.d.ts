/**
 * The names of a function's parameters, as its source has them, so that a template can
 * name them.
 */
type Path = readonly (number | string)[];
/** Where the value of each name is, in a list of arguments. */
export type Parameters = ReadonlyMap<string, Path>;
/** None, if the source cannot be seen: that of a function of the engine, or a bound one. */
export declare function parametersOf(fn: (...args: never[]) => unknown): Parameters | undefined;
/** Whether a function uses the object that it belongs to, as its source has it. */
export declare function usesObject<A extends unknown[]>(fn: (...args: A) => unknown): boolean;
/** The values of the parameters in a call. */
export declare function bind(parameters: Parameters, args: readonly unknown[]): Record<string, unknown>;
export {};
