// The module that a component is made of: a program, and what calls its `main`.

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
    },
  ],
  transform: {
    target: "es2023",
    inject: {
      console: [source("program.ts"), "console"],
      TextDecoder: [source("engine.ts"), "TextDecoder"],
      TextEncoder: [source("engine.ts"), "TextEncoder"],
    },
  },
  output,
};
