/** The files below a directory. */

import { decodeText, FileError, readDirectory, readFile } from "spakky-cache/program";

import { byBytes } from "./order.js";

/**
 * A file, and the directories that it lies below, the outermost first.
 *
 * @typedef {{ path: string, directories: readonly string[] }} File
 */

/** What could not be read, and why. */
export class ReadError extends Error {}

const PASSED_OVER = ["target", ".git", "node_modules"];
/** An entry has at most 64 tags, and one is left for whoever adds one. */
const MOST_DIRECTORIES = 63;
/** Enough to tell a picture from a text without reading all of it as one. */
const SNIFFED = 8 * 1024;

/**
 * A path in the one form that keys and tags are made of: `./a//b/` is `a/b`.
 *
 * @param {string} path
 */
export function normal(path) {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  const root = path.startsWith("/") ? "/" : "";
  return root + parts.join("/") || ".";
}

/**
 * Every file below a directory, sorted by path.
 *
 * @param {string} directory
 */
export function below(directory) {
  return [...collect(directory, [])].sort((a, b) => byBytes(a.path, b.path));
}

/**
 * @param {string} directory
 * @param {readonly string[]} above
 * @returns {Iterable<File>}
 */
function* collect(directory, above) {
  const directories = above.length < MOST_DIRECTORIES ? [...above, directory] : above;
  for (const { name, kind } of entries(directory)) {
    if (PASSED_OVER.includes(name)) continue;
    const path = normal(`${directory}/${name}`);
    // Links are not followed: they could lead in a circle.
    if (kind === "directory") yield* collect(path, directories);
    else if (kind === "file") yield { path, directories };
  }
}

/** @param {string} directory */
function entries(directory) {
  try {
    return readDirectory(directory);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new ReadError(
      `cannot read the directory \`${directory}\`: ${error.message} (is it granted?)`,
    );
  }
}

/**
 * A file's content and the text that it is; none if it is binary.
 *
 * @param {File} file
 */
export function textOf({ path }) {
  const content = read(path);
  if (content.subarray(0, SNIFFED).includes(0)) return undefined;
  const text = decodeText(content);
  return text === undefined ? undefined : { content, text };
}

/** @param {string} path */
function read(path) {
  try {
    return readFile(path);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new ReadError(`cannot read the file \`${path}\`: ${error.message}`);
  }
}
