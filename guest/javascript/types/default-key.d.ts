type AnyFunction = (...args: never[]) => unknown;
/** The keys of a function that was given no template: its module, its name, its arguments. */
export declare class DefaultKey {
    #private;
    /** Refuses a function that cannot be told from another by its name. */
    constructor(fn: AnyFunction);
    /** The key of a call. */
    of(args: readonly unknown[]): string;
}
export {};
