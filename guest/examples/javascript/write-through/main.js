// Writes a value to its origin and to the cache. Run: ./just example javascript write-through

import { get, writeThrough } from "spakky-cache";

export function main() {
  const before = get("example:visits");
  console.log(`cached: ${before ?? "nothing"}`);

  // Readers wait while the writer runs. If it fails, the key is a miss.
  const visits = Number(before ?? 0) + 1;
  writeThrough("example:visits", visits, { ttl: { minutes: 5 } }, (visits) => {
    console.log(`database: ${visits}`);
  });

  console.log(`cached: ${get("example:visits")}`);
}
