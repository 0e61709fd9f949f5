/// <reference path="./host.d.ts" />

/**
 * What a program needs beside the cache: arguments, input and output, files, time. A
 * program is a module `main.js` (or `main.ts`) with a function `main`, which gets its
 * arguments and returns the exit code, or nothing if all went well:
 *
 * ```js
 * export function main(args) {
 *   console.log(`hello, ${args[0]}`);
 * }
 * ```
 *
 * What stands outside of functions runs when the component is built, not when it is run,
 * and there is nothing around it then: no cache, no input, no clock.
 */

import environment from "wasi:cli/environment@0.2.12";
import host from "wasi:cli/exit@0.2.12";
import stderr from "wasi:cli/stderr@0.2.12";
import stdin from "wasi:cli/stdin@0.2.12";
import stdout from "wasi:cli/stdout@0.2.12";
import clock from "wasi:clocks/monotonic-clock@0.2.12";
import type { InputStream, OutputStream } from "wasi:io/streams@0.2.12";
import random from "wasi:random/random@0.2.12";

import { hintFor } from "./absent.ts";
import { join } from "./bytes.ts";
import { decodeText, encodeText } from "./text.ts";
import { type Lines, located, traceWith } from "./trace.ts";

export { type Entry, FileError, readDirectory, readFile } from "./files.ts";
export { decodeText, encodeText };

/** What a program is. It returns an exit code, or nothing: anything but 0 is a failure. */
export type Main = (args: string[]) => unknown;

/** Runs a program: what the build puts around it. */
export function start(main: Main, lines?: Lines): void {
  traceWith(lines);
  // The engine's own was seeded when the component was built: it is the same in every run.
  Math.random = () => (random.getRandomU64() / 2 ** 64) % 1;
  let code: unknown;
  try {
    code = main(environment.getArguments().slice(1));
    if (typeof (code as { then?: unknown } | undefined)?.then === "function") {
      throw new TypeError("`main` is asynchronous: nothing would wait for it");
    }
  } catch (error) {
    printing.error(error);
    const hint = hintFor(error);
    if (hint !== undefined) printing.error(`hint: ${hint}`);
    exit(1);
  }
  if (code) exit(1);
}

/** Ends the program. WASI 0.2 tells the host no more of the code than whether it is 0. */
export function exit(code = 0): never {
  return host.exit({ tag: code === 0 ? "ok" : "err" });
}

/** The value of an environment variable that the program was granted. */
export function variable(name: string): string | undefined {
  return environment.getEnvironment().find(([known]) => known === name)?.[1];
}

/** Writes a text to the standard output, as it is. */
export function write(text: string): void {
  writeTo(stdout.getStdout(), text);
}

/**
 * What the build puts where a program names `console`: as in Node, each call writes a line,
 * `error` and `warn` to the standard error.
 */
const printing = {
  log: (...values: unknown[]): void => write(line(values)),
  info: (...values: unknown[]): void => write(line(values)),
  debug: (...values: unknown[]): void => write(line(values)),
  warn: (...values: unknown[]): void => writeTo(stderr.getStderr(), line(values)),
  error: (...values: unknown[]): void => writeTo(stderr.getStderr(), line(values)),
};

export { printing as console };

declare global {
  /** What is there of it. Where the rest is known, this is a part of it. */
  interface Console {
    log(...values: unknown[]): void;
    info(...values: unknown[]): void;
    debug(...values: unknown[]): void;
    warn(...values: unknown[]): void;
    error(...values: unknown[]): void;
  }
  var console: Console;
}

function line(values: unknown[]): string {
  return `${values.map(show).join(" ")}\n`;
}

function show(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Error) {
    const cause = value.cause === undefined ? "" : `caused by ${show(value.cause)}`;
    return `${value}\n${located(value.stack ?? "")}${cause}`.trimEnd();
  }
  if (typeof value !== "object" || value === null) return String(value);
  try {
    return JSON.stringify(value, (_, part) => (typeof part === "bigint" ? `${part}n` : part));
  } catch {
    return String(value);
  }
}

/** The most that one call of the host writes. */
const PIECE = 4096;

function writeTo(output: OutputStream, text: string): void {
  const bytes = encodeText(text.isWellFormed() ? text : text.toWellFormed()) as Uint8Array;
  for (let at = 0; at < bytes.length; at += PIECE) {
    output.blockingWriteAndFlush(bytes.subarray(at, at + PIECE));
  }
}

const MOST_READ = 65_536;
const NEWLINE = 10;

let input: InputStream | undefined;
/** What was read, and belongs to the next line. */
let ahead: Uint8Array = new Uint8Array(0);

/**
 * The next line of the standard input, without its end; `undefined` if there is none. It
 * waits for no more than the line.
 */
export function readLine(): string | undefined {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const end = ahead.indexOf(NEWLINE);
    if (end >= 0) {
      pieces.push(ahead.subarray(0, end));
      ahead = ahead.subarray(end + 1);
      break;
    }
    if (ahead.length > 0) pieces.push(ahead);
    const more = readMore();
    ahead = more ?? new Uint8Array(0);
    if (more === undefined) {
      if (pieces.length === 0) return undefined;
      break;
    }
  }
  const text = decodeText(join(pieces));
  if (text === undefined) throw new Error("a line of the input is not UTF-8");
  return text.endsWith("\r") ? text.slice(0, -1) : text;
}

/** Some of the standard input; `undefined` at its end. */
function readMore(): Uint8Array | undefined {
  input ??= stdin.getStdin();
  try {
    return input.blockingRead(MOST_READ);
  } catch (error) {
    if ((error as { payload?: { tag?: string } }).payload?.tag === "closed") return undefined;
    throw new Error("the input cannot be read", { cause: error });
  }
}

/** Seconds since some time in the past: for measuring, never goes back. */
export function now(): number {
  return clock.now() / 1e9;
}

/** Does nothing for so many seconds. */
export function sleep(seconds: number): void {
  if (!(seconds >= 0)) throw new RangeError(`${seconds} is no time to sleep`);
  const wait = clock.subscribeDuration(
    Math.min(Math.round(seconds * 1e9), Number.MAX_SAFE_INTEGER),
  );
  try {
    wait.block();
  } finally {
    wait.drop();
  }
}
