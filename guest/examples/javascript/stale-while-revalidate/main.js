// Refreshes a stale value while others read it. Run: ./just example javascript stale-while-revalidate

import { get, getOrLoad } from "spakky-cache";

function load() {
  // One caller in the fleet refreshes a stale value. The others read it meanwhile.
  const stale = get("example:rate");
  if (stale !== undefined) console.log(`loading, while others read ${stale}`);
  return Number(stale ?? 0) + 1;
}

export function main() {
  // So short that the next run finds a stale value.
  const freshFor = { milliseconds: 1 };
  const rate = getOrLoad("example:rate", { ttl: { hours: 1 }, freshFor }, load);
  console.log(`rate: ${rate}`);
}
