/**
 * Statistics of the text files below some directories, as a component. What it counts, it
 * keeps in the cache, so a file is counted once for everyone who asks, in however many
 * hosts, and again when its content has changed.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { CacheError, evictTags, getOrLoad, key, metrics } from "spakky-cache";
import { now, sleep, write } from "spakky-cache/program";

import { HELP, parse, UsageError } from "./arguments.js";
import { below, ReadError, textOf } from "./files.js";
import { summary, toText } from "./report.js";
import { count, isFileStats } from "./stats.js";

/** A content is counted the same for ever; this is how long it is worth keeping. */
const TTL = { hours: 24 };

/** @param {string[]} args */
export function main(args) {
  try {
    const parsed = parse(args);
    if (parsed === "help") write(HELP);
    else report(parsed);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`stats-javascript: ${error.message}\nTry --help.`);
    } else if (error instanceof ReadError || error instanceof CacheError) {
      console.error(`stats-javascript: ${error.message}`);
    } else {
      throw error;
    }
    return 1;
  }
}

/** @param {import("./arguments.js").Arguments} parsed */
function report({ directories, evict, loadDelay, summaryJson }) {
  const [start, before] = [now(), metrics()];
  let loads = 0;

  if (evict.length > 0) evictTags(tags(evict));

  /**
   * A file's statistics: out of the cache, or counted here.
   *
   * @param {import("./files.js").File} file
   * @param {{ content: Uint8Array, text: string }} content
   */
  const statsOf = (file, { content, text }) => {
    // The content is part of the key, so an entry is never out of date.
    const name = key`stats:${file.path}:${bytesToHex(sha256(content))}`;
    const options = { ttl: TTL, tags: tags(file.directories), check: isFileStats };
    return getOrLoad(name, options, () => {
      loads += 1;
      if (loadDelay > 0) sleep(loadDelay / 1000);
      return count(text, content.length);
    });
  };

  const counted = directories.map((path) => ({
    path,
    files: below(path).flatMap((file) => {
      const content = textOf(file);
      return content ? [{ path: file.path, stats: statsOf(file, content) }] : [];
    }),
  }));
  write(toText(counted));
  if (summaryJson) console.log(summary(before, metrics(), loads, now() - start));
}

/**
 * The tags of everything below some directories.
 *
 * @param {readonly string[]} directories
 */
function tags(directories) {
  return directories.map((directory) => key`directory:${directory}`);
}
