// Caches a function with a wrapper. Run: ./just example javascript decorator [rename]

import { cacheable, cacheEvict } from "spakky-cache";

const user = cacheable("example:user:{id}", { ttl: { minutes: 5 } }, (/** @type {number} */ id) => {
  console.log(`loading user ${id}`);
  return `user ${id}`;
});

// Evicts the user once the function has returned.
const rename = cacheEvict({ key: "example:user:{id}" }, (/** @type {number} */ id) => {
  console.log(`renamed user ${id}`);
});

export function main(/** @type {string[]} */ args) {
  if (args.includes("rename")) rename(7);
  console.log(user(7));
  console.log(user(7));
}
