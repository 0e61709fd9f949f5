/** What is counted. */

import { byBytes } from "./order.js";

const MOST_FREQUENT = 10;

/**
 * Statistics of one file: the value in the cache.
 *
 * @typedef {object} FileStats
 * @property {number} lines
 * @property {number} words
 * @property {number} bytes
 * @property {number} longest_line - In characters.
 * @property {[word: string, count: number][]} frequent - The most frequent words: the most
 *   frequent first, and in the order of their bytes among equals.
 */

/**
 * Whether a value is one of these, also if another program stored it.
 *
 * @param {any} value
 * @returns {value is FileStats}
 */
export function isFileStats(value) {
  const numbers = [value?.lines, value?.words, value?.bytes, value?.longest_line];
  return numbers.every(Number.isSafeInteger) && Array.isArray(value.frequent);
}

/**
 * Counts. A word is a run of ASCII letters and digits, underscores and whatever is not
 * ASCII, in small ASCII letters: simple, so that it is the same in every language in which
 * this program exists.
 *
 * @param {string} text
 * @param {number} bytes
 * @returns {FileStats}
 */
export function count(text, bytes) {
  /** @type {Map<string, number>} */
  const frequencies = new Map();
  const lower = text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  let words = 0;
  for (const [word] of lower.matchAll(/[a-z0-9_\u0080-\uffff]+/g)) {
    frequencies.set(word, (frequencies.get(word) ?? 0) + 1);
    words += 1;
  }
  const frequent = [...frequencies]
    .sort(([a, m], [b, n]) => n - m || byBytes(a, b))
    .slice(0, MOST_FREQUENT);
  const lines = linesOf(text);
  const longest = lines.reduce((longest, line) => Math.max(longest, characters(line)), 0);
  return { lines: lines.length, words, bytes, longest_line: longest, frequent };
}

/**
 * What follows the last end of a line is one if it is not empty.
 *
 * @param {string} text
 */
function linesOf(text) {
  const lines = text.split("\n");
  const last = lines.pop();
  const ended = lines.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
  return last ? [...ended, last] : ended;
}

/**
 * One that is a pair of UTF-16 counts once.
 *
 * @param {string} text
 */
function characters(text) {
  return text.length - (text.match(/[\ud800-\udbff]/g)?.length ?? 0);
}

/**
 * Adds up what adds up; frequencies do not.
 *
 * @param {readonly FileStats[]} all
 * @returns {FileStats}
 */
export function sum(all) {
  const total = { lines: 0, words: 0, bytes: 0, longest_line: 0, frequent: [] };
  for (const { lines, words, bytes, longest_line } of all) {
    total.lines += lines;
    total.words += words;
    total.bytes += bytes;
    total.longest_line = Math.max(total.longest_line, longest_line);
  }
  return total;
}
