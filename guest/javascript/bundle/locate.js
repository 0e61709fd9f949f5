// What a build says, in the files and lines that the program was written in: of standard
// input, with the lines that the module at MODULE ends with.

import fs from "node:fs";

const [, noted] = fs.readFileSync(process.env.MODULE, "utf8").match(/\nvar spakkyLines = (.*);\n$/);
const { files, lines } = JSON.parse(noted);
const spans = lines.split(",");

const said = fs
  .readFileSync(0, "utf8")
  .replace(/\/program\.js:(\d+):(\d+)/g, (all, line, column) => {
    const found = (spans[line - 1] ?? "").split(" ").map((span) => span.split(":").map(Number));
    const [, file, at] = found.findLast(([from]) => from <= column) ?? found[0];
    return at ? `${files[file]}:${at}` : all;
  });
process.stdout.write(said);
