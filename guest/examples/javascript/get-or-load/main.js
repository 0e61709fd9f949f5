// Loads a value once, then reads it from the cache. Run: ./just example javascript get-or-load

import { getOrLoad } from "spakky-cache";

function total() {
  console.log("loading");
  return 6 * 7;
}

export function main() {
  for (let time = 0; time < 2; time++) {
    const found = getOrLoad("example:total", { ttl: { minutes: 1 } }, total);
    console.log(`total: ${found}`);
  }
}
