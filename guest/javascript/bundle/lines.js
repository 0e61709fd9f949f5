// Where each line of a chunk was written, for src/trace.ts.

import { SourceMap } from "node:module";
import path from "node:path";

const { LIBRARY, MAIN, PACKAGES } = process.env;

/** The files, and of each line the columns from which on it is of a line of a file. */
export function linesOf(code, map, directory) {
  const found = new SourceMap(map);
  const files = [];
  const lines = code.split("\n").map((text, line) => {
    const spans = [];
    let last;
    for (let column = text.search(/\S|$/); column <= text.length; column++) {
      const entry = found.findEntry(line, column);
      if (entry.generatedLine !== line || !entry.originalSource) continue;
      const name = nameOf(path.resolve(directory, entry.originalSource));
      if (!files.includes(name)) files.push(name);
      const place = `${files.indexOf(name)}:${entry.originalLine + 1}`;
      if (place !== last) spans.push(`${column + 1}:${place}`);
      last = place;
    }
    return spans.join(" ");
  });
  return { files, lines: lines.join(",") };
}

/** As its author knows it. */
function nameOf(file) {
  for (const [directory, name] of [
    [PACKAGES, ""],
    [path.join(LIBRARY, "src"), "spakky-cache"],
    [path.dirname(MAIN), ""],
  ]) {
    const relative = path.relative(directory, file);
    if (!relative.startsWith("..")) return path.posix.join(name, relative);
  }
  return file;
}
