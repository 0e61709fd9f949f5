/**
 * Plays steps of JSON on the cache, so that a test can drive the contract and the library
 * from data. ../README.md describes the protocol.
 */

import { dropAll, playInput, playLine } from "./play.ts";

export function main(steps: string[]): void {
  if (steps.length === 0) playInput();
  for (const step of steps) playLine(step);
  dropAll();
}
