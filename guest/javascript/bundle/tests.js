// Tests, as Node can run them: it is asked to run no TypeScript.

import fs from "node:fs";
import path from "node:path";

import { common, output } from "./common.js";

const { TESTS } = process.env;
const files = TESTS.split("\n").flatMap((directory) =>
  fs.globSync ? fs.globSync(path.join(directory, "*.test.*")) : [],
);

export default { ...common, input: files, transform: { target: "es2023" }, output };
