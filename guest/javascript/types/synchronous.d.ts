type AnyFunction = (...args: never[]) => unknown;
/**
 * That this is a function to call, and none that answers with a promise: the contract is
 * synchronous, and a component that waits is suspended by its host.
 */
export declare function checkFunction<F extends AnyFunction>(fn: F, what: string): F;
/** That what a function returned is no promise, in whose place nothing may be stored. */
export declare function checkNow<T>(value: T, what: string): T;
export {};
