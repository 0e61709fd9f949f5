/** Plays steps of JSON on the cache. ../README.md describes the protocol. */

import { playInput, playLine } from "./play.ts";

export function main(steps: string[]): void {
  if (steps.length === 0) playInput();
  for (const step of steps) playLine(step);
}
