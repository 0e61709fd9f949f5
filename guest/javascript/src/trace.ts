/** What the build notes of the program: where each piece of it was written. */
export interface Lines {
  readonly files: readonly string[];
  /** Of each line, with commas between them: `COLUMN:FILE:LINE`, from that column on. */
  readonly lines: string;
}

let built: Lines | undefined;
let lines: string[] | undefined;

/** That what is shown names the author's files and lines. */
export function traceWith(noted: Lines | undefined): void {
  built = noted;
  lines = undefined;
  // The library's own calls are above those of the program.
  (Error as { stackTraceLimit?: number }).stackTraceLimit = 50;
}

/** A stack, in the files and lines that the program was written in. */
export function located(stack: string): string {
  const frames = stack.split("\n").map((frame) => {
    const [at, line, column] = /\/program\.js:(\d+):(\d+)/.exec(frame) ?? [];
    if (at === undefined || built === undefined) return frame;
    const place = placeOf(Number(line), Number(column));
    // What the build puts around a program was written nowhere.
    return place && frame.replace(at, place);
  });
  return frames.filter((frame) => frame !== undefined).join("\n");
}

/**
 * The module that a function was written in, relative to the program: `shop.prices` of
 * `shop/prices.ts`. None if it is not known, or lies elsewhere.
 */
export function moduleOf(fn: (...args: never[]) => unknown): string | undefined {
  const { lineNumber, columnNumber } = fn as { lineNumber?: number; columnNumber?: number };
  if (built === undefined || lineNumber === undefined) return undefined;
  const file = placeOf(lineNumber, columnNumber ?? 1)?.replace(/:\d+$/, "");
  if (file === undefined || file.startsWith("/")) return undefined;
  return file.replace(/\.\w+$/, "").replaceAll("/", ".");
}

function placeOf(line: number, column: number): string | undefined {
  lines ??= built?.lines.split(",");
  const spans = lines?.[line - 1]?.split(" ").map((span) => span.split(":").map(Number)) ?? [];
  const [, file, at] = spans.findLast(([from = 0]) => from <= column) ?? spans[0] ?? [];
  return file === undefined || !at ? undefined : `${built?.files[file]}:${at}`;
}
