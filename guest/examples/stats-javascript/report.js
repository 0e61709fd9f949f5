/** What is printed: the same for the same files, wherever the numbers came from. */

import { sum } from "./stats.js";

/**
 * @param {readonly { path: string, files: { path: string, stats: import("./stats.js").FileStats }[] }[]} directories
 */
export function toText(directories) {
  let text = "";
  for (const { path, files } of directories) {
    for (const { path, stats } of files) {
      text += `${path}: ${counts(stats)}\n`;
      if (stats.frequent.length > 0) {
        text += `    ${stats.frequent.map(([word, count]) => `${word} ${count}`).join(", ")}\n`;
      }
    }
    const total = sum(files.map(({ stats }) => stats));
    text += `${path}: ${files.length} files, ${counts(total)}\n\n`;
  }
  return text;
}

/** @param {import("./stats.js").FileStats} stats */
function counts({ lines, words, bytes, longest_line }) {
  return `${lines} lines, ${words} words, ${bytes} bytes, longest line ${longest_line}`;
}

/**
 * What it took: the cache's counts from before and after, and the program's own.
 *
 * @param {import("spakky-cache").Metrics} before
 * @param {import("spakky-cache").Metrics} after
 * @param {number} loads - How often the loader ran.
 * @param {number} seconds
 */
export function summary(before, after, loads, seconds) {
  return JSON.stringify({
    hits: after.hits - before.hits,
    misses: after.misses - before.misses,
    writes: after.writes - before.writes,
    loads,
    waits: after.stampedeWaits - before.stampedeWaits,
    duration_ms: Math.floor(seconds * 1000),
  });
}
