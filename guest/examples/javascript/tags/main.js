// Evicts entries by a tag that they share. Run: ./just example javascript tags

import { evictTags, get, getOrLoad } from "spakky-cache";

export function main() {
  for (const [name, tag] of [
    ["first", "news"],
    ["second", "sports"],
  ]) {
    getOrLoad(`example:article:${name}`, { ttl: { minutes: 5 }, tags: [`${tag}`] }, () => {
      console.log(`loading ${name}`);
      return `the ${name} article`;
    });
  }

  evictTags(["news"]);
  console.log("evicted: news");
  for (const name of ["first", "second"]) {
    const found = get(`example:article:${name}`);
    console.log(`${name}: ${found === undefined ? "gone" : "cached"}`);
  }
}
