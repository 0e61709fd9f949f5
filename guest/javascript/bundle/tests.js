// Tests, as Node runs them: it is asked for no TypeScript, and has no host.

import fs from "node:fs";
import path from "node:path";

import { common, output } from "./common.js";

const files = process.env.TESTS.split("\n").flatMap((directory) =>
  fs
    .readdirSync(directory)
    .filter((name) => /\.test\.[jt]s$/.test(name))
    .map((name) => path.join(directory, name)),
);

// What needs the host is tested with the real one, by the scenarios.
const noHost = `
  export default new Proxy({}, {
    get(_, name) {
      throw new Error("the host is called, for " + String(name));
    },
  });
`;

export default {
  ...common,
  input: files,
  external: /^node:/,
  plugins: [
    {
      name: "no-host",
      resolveId: (id) => (/^(spakky|wasi):/.test(id) ? "\0no-host" : null),
      load: (id) => (id === "\0no-host" ? noHost : null),
    },
  ],
  transform: { target: "es2023" },
  output: { ...output, entryFileNames: "[name].js" },
};
