// The module that a component is made of: a program, and what calls its `main`.

import fs from "node:fs";
import path from "node:path";

import { common, output, source } from "./common.js";

const entry = `
  import { start } from "spakky-cache/program";
  import { main } from ${JSON.stringify(process.env.MAIN)};
  export const run = { run: () => start(main) };
`;

export default {
  ...common,
  input: { program: "\0program" },
  plugins: [
    {
      name: "program",
      resolveId: (id) => (id === "\0program" ? id : null),
      load: (id) => (id === "\0program" ? entry : null),
      // What the component is older than, if any of it changes.
      generateBundle() {
        const modules = [...this.getModuleIds()].filter((id) => path.isAbsolute(id));
        fs.writeFileSync(process.env.MODULES, `${modules.join("\n")}\n`);
      },
    },
  ],
  transform: {
    target: "esnext",
    inject: { console: [source("program.ts"), "console"] },
  },
  output,
};
