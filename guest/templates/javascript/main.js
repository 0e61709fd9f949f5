// Asks twice, and works once.

import { cacheable } from "spakky-cache";

let loaded = false;

const greeting = cacheable(
  "greeting:{name}",
  { ttl: { minutes: 5 }, tags: ["greetings"] },
  (/** @type {string} */ name) => {
    // In place of whatever takes long: it runs once in the whole fleet.
    loaded = true;
    return `hello, ${name}: ${6 * 7}`;
  },
);

export function main() {
  for (let time = 0; time < 2; time++) {
    loaded = false;
    const text = greeting("@NAME@");
    console.log(`${text} (${loaded ? "loaded" : "cached"})`);
  }
}
