// Writes a value to its origin and to the cache. Run: ./just example javascript write-through

import { get, writeThrough } from "spakky-cache";

export function main() {
  const before = get("example:visits");
  console.log(`cached: ${before ?? "nothing"}`);

  // While the writer runs, reads miss and loads wait. If it fails, the key stays a miss.
  const visits = Number(before ?? 0) + 1;
  writeThrough("example:visits", visits, { ttl: { minutes: 5 } }, (visits) => {
    console.log(`database: ${visits}`);
  });

  console.log(`cached: ${get("example:visits")}`);
}
