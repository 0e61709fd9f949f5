import type {} from "./program.ts";

const LONGEST = 100;
const said = new Set<string>();

/** Says on the console what would otherwise stay unseen, once in an instance and cause. */
export function warnOnce(cause: string, key: string, what: string, error: unknown): void {
  if (said.has(cause)) return;
  said.add(cause);
  const shown = key.length > LONGEST ? `${key.slice(0, LONGEST)}…` : key;
  console.warn(`spakky-cache: ${JSON.stringify(shown)} ${what} (said once): ${error}`);
}
