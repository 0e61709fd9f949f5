/** What a host has to stand. */

import cache from "spakky:cache/cache@0.1.0";

/** Traps: so does an argument of a type that the contract does not have. */
export function trap(): never {
  cache.get(null as unknown as string);
  throw new Error("that should have trapped");
}

/** Never returns, and never calls the host. */
export function spin(): never {
  for (;;);
}

/** Calls itself until the stack is used up. */
export function overflow(depth: number): number {
  return overflow(depth + 1) + depth;
}

const hoard: Uint8Array[] = [];

/** Takes memory that is not given back. */
export function eat(mib: number): void {
  for (let taken = 0; taken < mib; taken++) hoard.push(new Uint8Array(1 << 20).fill(1));
}
