import assert from "node:assert/strict";
import { test } from "node:test";

import { parse } from "../arguments.js";
import { normal } from "../files.js";
import { byBytes } from "../order.js";
import { summary, toText } from "../report.js";
import { count, isFileStats } from "../stats.js";

const counted = (/** @type {string} */ text) => count(text, Buffer.byteLength(text));

test("everything is counted", () => {
  const stats = counted("The cat, the_dog\nand THE cät-cat\n\nlast line");
  assert.equal(stats.lines, 4);
  assert.equal(stats.words, 9);
  assert.equal(stats.bytes, 44);
  assert.equal(stats.longest_line, 16);
  assert.deepEqual(stats.frequent.slice(0, 5), [
    ["cat", 2],
    ["the", 2],
    ["and", 1],
    ["cät", 1],
    ["last", 1],
  ]);
  assert.ok(isFileStats(stats));
  assert.ok(![null, 1, {}, { ...stats, lines: "4" }].some(isFileStats));
});

test("a line ends with a newline, and a carriage return before it", () => {
  assert.equal(counted("").lines, 0);
  assert.equal(counted("\n").lines, 1);
  assert.equal(counted("ab\r\nc\r").longest_line, 2);
  assert.equal(counted("\u{1f980}\u{1f980}").longest_line, 2);
});

test("at most ten words are kept, in the order of their bytes", () => {
  const letters = Array.from({ length: 26 }, (_, at) => String.fromCharCode(97 + at)).join(" ");
  const stats = counted(letters);
  assert.equal(stats.words, 26);
  assert.equal(stats.frequent.length, 10);
  assert.equal(stats.frequent[9]?.[0], "j");
  const texts = ["b", "a", "", "ab", "\uffff", "\u{1f980}", "é", "\ud7ff"];
  const bytes = (/** @type {string} */ text) => Buffer.from(text);
  const expected = texts.toSorted((a, b) => Buffer.compare(bytes(a), bytes(b)));
  assert.deepEqual(texts.toSorted(byBytes), expected);
});

test("a path has one form", () => {
  const forms = {
    ".": ".",
    "./": ".",
    "a/": "a",
    "./a//b/./c/": "a/b/c",
    "../a": "../a",
    "/": "/",
  };
  for (const [path, expected] of Object.entries(forms)) assert.equal(normal(path), expected);
  assert.equal(normal("/a/"), "/a");
});

test("options and directories come in any order", () => {
  const words = "a/ --evict ./b/ --load-delay 250 c --summary-json --evict d".split(" ");
  assert.deepEqual(parse(words), {
    directories: ["a", "c"],
    evict: ["b", "d"],
    loadDelay: 250,
    summaryJson: true,
  });
  assert.equal(parse(["a", "-h"]), "help");
});

test("a wrong command line is refused with its reason", () => {
  /** @type {[string[], RegExp][]} */
  const wrong = [
    [[], /no directory/],
    [["--evict"], /followed by a directory/],
    [["a", "--load-delay"], /followed by a number/],
    [["a", "--load-delay", "soon"], /`soon`/],
    [["a", "--load-delay", "-5"], /`-5`/],
    [["a", "--summary"], /`--summary`/],
  ];
  for (const [words, reason] of wrong) assert.throws(() => parse(words), reason);
});

test("a report has files and a total", () => {
  const files = [
    { path: "d/a", stats: counted("one two\none\n") },
    { path: "d/b", stats: counted("") },
  ];
  assert.equal(
    toText([{ path: "d", files }]),
    `d/a: 2 lines, 3 words, 12 bytes, longest line 7
    one 2, two 1
d/b: 0 lines, 0 words, 0 bytes, longest line 0
d: 2 files, 2 lines, 3 words, 12 bytes, longest line 7

`,
  );
});

test("a summary counts what happened since", () => {
  const none = {
    hits: 5,
    misses: 1,
    writes: 0,
    deletes: 0,
    clears: 0,
    tagEvictions: 0,
    stampedeWaits: 0,
    rejections: 0,
  };
  const after = { ...none, hits: 7, misses: 4, writes: 3, stampedeWaits: 1 };
  assert.equal(
    summary(none, after, 3, 0.0129),
    '{"hits":2,"misses":3,"writes":3,"loads":3,"waits":1,"duration_ms":12}',
  );
});
