// How modules, the library and what they import become one module. tools/build-javascript
// and tools/test-javascript set the variables.

import path from "node:path";

const { LIBRARY, PACKAGES } = process.env;

/** The path of a module of the library. */
export const source = (name) => path.join(LIBRARY, "src", name);

export const common = {
  platform: "neutral",
  // It is for the type checker.
  tsconfig: false,
  external: /^(spakky|wasi|node):/,
  resolve: {
    alias: {
      "spakky-cache/program": source("program.ts"),
      "spakky-cache/raw": source("raw.ts"),
      "spakky-cache": source("index.ts"),
    },
    // What a program does not bring itself is where setup-javascript puts packages.
    modules: ["node_modules", PACKAGES],
  },
};

export const output = { format: "esm", keepNames: true };
