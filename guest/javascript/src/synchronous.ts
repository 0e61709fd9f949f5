import { ArgumentError } from "./errors.ts";

type AnyFunction = (...args: never[]) => unknown;

/**
 * That this is a function to call, and none that answers with a promise: the contract is
 * synchronous, and a component that waits is suspended by its host.
 */
export function checkFunction<F extends AnyFunction>(fn: F, what: string): F {
  if (typeof fn !== "function") throw new ArgumentError(`the ${what} is no function`);
  if (Object.prototype.toString.call(fn).startsWith("[object Async")) throw later(what);
  return fn;
}

/** That what a function returned is no promise, in whose place nothing may be stored. */
export function checkNow<T>(value: T, what: string): T {
  if (typeof (value as { then?: unknown } | null | undefined)?.then === "function") {
    throw later(what);
  }
  return value;
}

function later(what: string): ArgumentError {
  return new ArgumentError(
    `the ${what} is asynchronous: it has to return its value, and no promise of one`,
  );
}
