// The module that a component is made of: a program, and what calls its `main`.

import fs from "node:fs";
import path from "node:path";

import { common, output, source } from "./common.js";
import { linesOf } from "./lines.js";

const entry = `
  import { start } from "spakky-cache/program";
  import { main } from ${JSON.stringify(process.env.MAIN)};
  export const run = { run: () => start(main, spakkyLines) };
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
      generateBundle({ dir, file }, bundle) {
        for (const chunk of Object.values(bundle).filter(({ type }) => type === "chunk")) {
          const lines = linesOf(chunk.code, chunk.map, dir ?? path.dirname(file));
          chunk.code += `\nvar spakkyLines = ${JSON.stringify(lines)};\n`;
        }
        const modules = [...this.getModuleIds()].filter((id) => path.isAbsolute(id));
        fs.writeFileSync(process.env.MODULES, `${modules.join("\n")}\n`);
      },
    },
  ],
  transform: {
    target: "esnext",
    inject: { console: [source("program.ts"), "console"] },
  },
  output: { ...output, sourcemap: "hidden" },
};
