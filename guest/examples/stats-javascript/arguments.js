/** The command line. */

import { normal } from "./files.js";

export const HELP = `\
Statistics of the text files below directories, counted once and then cached.

Usage: stats-javascript [OPTIONS] DIR...

Every DIR must be one that the component was granted, or lie below one. What is
named target, .git or node_modules is passed over, and so are files that are not
UTF-8 text.

Options:
  --evict DIR       First forget what is cached of the files below DIR
  --load-delay MS   Take so much longer to count a file (to watch hosts share the work)
  --summary-json    End with a line of JSON: hits, misses, writes, loads, waits, duration_ms
  --help            Print this

Exit code: 0 if all went well; 1 if the command line is wrong, something could not be
read, or the cache failed, and standard error says which.
`;

/** What is wrong with a command line. */
export class UsageError extends Error {}

/**
 * @typedef {object} Arguments
 * @property {string[]} directories
 * @property {string[]} evict
 * @property {number} loadDelay - In milliseconds.
 * @property {boolean} summaryJson
 */

/**
 * @param {readonly string[]} args
 * @returns {Arguments | "help"}
 */
export function parse(args) {
  /** @type {Arguments} */
  const parsed = { directories: [], evict: [], loadDelay: 0, summaryJson: false };
  const rest = args.values();
  for (const argument of rest) {
    const value = (/** @type {string} */ what) => {
      const { value } = rest.next();
      if (value === undefined) throw new UsageError(`${argument} is followed by ${what}`);
      return value;
    };
    switch (argument) {
      case "--help":
      case "-h":
        return "help";
      case "--summary-json":
        parsed.summaryJson = true;
        break;
      case "--evict":
        parsed.evict.push(normal(value("a directory")));
        break;
      case "--load-delay":
        parsed.loadDelay = milliseconds(value("a number of milliseconds"));
        break;
      default:
        if (argument.startsWith("-")) throw new UsageError(`unknown option \`${argument}\``);
        parsed.directories.push(normal(argument));
    }
  }
  if (parsed.directories.length === 0) throw new UsageError("no directory to look at");
  return parsed;
}

/** @param {string} text */
function milliseconds(text) {
  if (!/^\d+$/.test(text)) {
    throw new UsageError(`--load-delay takes a whole number of milliseconds, not \`${text}\``);
  }
  return Number(text);
}
