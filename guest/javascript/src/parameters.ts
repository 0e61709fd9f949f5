/**
 * The names and defaults of a function's parameters, as its source has them, so that a
 * template can name them.
 */

import { KeyGenerationError } from "./errors.ts";

interface Step {
  readonly at: number | string;
  /** The source of what takes the place of undefined. */
  readonly otherwise: string | undefined;
}

/** Where the value of each name, and of each position (`0`), is in a list of arguments. */
export type Parameters = ReadonlyMap<string, readonly Step[]>;

/** What names an argument by its position, and not by a name. */
export const POSITION = /^[0-9]+$/;

const NAME = /^[\p{ID_Start}$_][\p{ID_Continue}$]*/u;

/** None, if the source cannot be seen: that of a function of the engine, or a bound one. */
export function parametersOf(fn: (...args: never[]) => unknown): Parameters | undefined {
  const source = withoutComments(Function.prototype.toString.call(fn));
  if (/\{\s*\[native code\]\s*\}\s*$/.test(source)) return undefined;
  const names = new Map<string, readonly Step[]>();
  const single = /^(?:async\s+)?([\p{ID_Start}$_][\p{ID_Continue}$]*)\s*=>/u.exec(source);
  if (single) {
    const only = [{ at: 0, otherwise: undefined }];
    return names.set("0", only).set(single[1] as string, only);
  }
  const begin = source.indexOf("(") + 1;
  for (const [index, parameter] of parts(source, begin).entries()) {
    const begin = /^[{[]/.test(parameter) ? endOf(parameter, 1) + 1 : undefined;
    const name = begin === undefined ? NAME.exec(parameter)?.[0] : undefined;
    const whole = { at: index, otherwise: defaultIn(parameter.slice(begin ?? name?.length)) };
    names.set(String(index), [whole]);
    if (name !== undefined) names.set(name, [whole]);
    if (parameter.startsWith("{")) {
      for (const field of parts(parameter, 1)) {
        // `field`, `field = default`, `field: name`, `field: name = default`
        const property = NAME.exec(field)?.[0];
        const after = property && field.slice(property.length);
        const renamed = after && /^\s*:\s*(.*)/su.exec(after)?.[1];
        const name = renamed ? NAME.exec(renamed)?.[0] : property;
        if (!property || !name) continue;
        const otherwise = defaultIn((renamed ?? field).slice(name.length));
        names.set(name, [whole, { at: property, otherwise }]);
      }
    }
  }
  return names;
}

/** Whether a function uses the object that it belongs to, as its source has it. */
export function usesObject<A extends unknown[]>(fn: (...args: A) => unknown): boolean {
  const source = withoutComments(Function.prototype.toString.call(fn));
  const code = source.replace(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/g, "''");
  return /(?<![\p{ID_Continue}$.#])(?:this|super)(?![\p{ID_Continue}$])/u.test(code);
}

/** The values of the parameters in a call, with their defaults. */
export function bind(parameters: Parameters, args: readonly unknown[]): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, steps] of parameters) {
    let value: unknown = args;
    for (const { at, otherwise } of steps) {
      value = (value as Record<number | string, unknown> | undefined | null)?.[at];
      if (value === undefined && otherwise !== undefined) value = literal(otherwise, name);
    }
    if (value !== undefined) values[name] = value;
  }
  return values;
}

/** The arguments of a call, with the defaults of those left out, up to the last that is there. */
export function inOrder(parameters: Parameters, args: readonly unknown[]): unknown[] {
  const values: unknown[] = [...args];
  for (const [position, value] of Object.entries(bind(positions(parameters), args))) {
    values[Number(position)] = value;
  }
  while (values.length > 0 && values.at(-1) === undefined) values.pop();
  return Array.from(values);
}

function positions(parameters: Parameters): Parameters {
  return new Map([...parameters].filter(([name]) => POSITION.test(name)));
}

function defaultIn(source: string): string | undefined {
  return /^\s*=\s*(.*?)\s*$/su.exec(source)?.[1];
}

const LITERALS = new Map<string, unknown>([
  ["true", true],
  ["false", false],
  ["null", null],
  ["undefined", undefined],
  ["{}", {}],
]);

/** The value of a default, which is seen here only if it is a literal. */
function literal(source: string, name: string): unknown {
  if (LITERALS.has(source)) return LITERALS.get(source);
  const number = /^([+-]?)((?:[\d.]|0[xob])[\w.+-]*)$/.exec(source);
  if (number) {
    const [, sign, digits = ""] = number;
    const plain = digits.replaceAll("_", "");
    if (/^\w+n$/.test(plain)) return (sign === "-" ? -1n : 1n) * BigInt(plain.slice(0, -1));
    const value = Number(plain);
    if (!Number.isNaN(value)) return sign === "-" ? -value : value;
  }
  const text = /^(["'`])([^\\$]*)\1$/.exec(source);
  if (text && !text[2]?.includes(text[1] as string)) return text[2];
  throw new KeyGenerationError(
    `\`${name}\` is left out, and its default \`${source}\` is no literal, so it cannot be ` +
      "seen: the option `values` can name it",
  );
}

/** What stands between commas, up to the bracket that closes what is open at `begin`. */
function parts(source: string, begin: number): string[] {
  const found: string[] = [];
  let depth = 0;
  let start = begin;
  for (let at = begin; at < source.length; at++) {
    const char = source[at] as string;
    if (char === '"' || char === "'" || char === "`") at = endOfText(source, at);
    else if ("([{".includes(char)) depth += 1;
    else if (")]}".includes(char) && depth > 0) depth -= 1;
    else if (depth === 0 && ",)]}".includes(char)) {
      const part = source.slice(start, at).trim();
      if (part !== "") found.push(part);
      if (char !== ",") break;
      start = at + 1;
    }
  }
  return found;
}

/** Where the bracket that is open at `begin` closes. */
function endOf(source: string, begin: number): number {
  let depth = 1;
  for (let at = begin; at < source.length; at++) {
    const char = source[at] as string;
    if (char === '"' || char === "'" || char === "`") at = endOfText(source, at);
    else if ("([{".includes(char)) depth += 1;
    else if (")]}".includes(char)) depth -= 1;
    if (depth === 0) return at;
  }
  return source.length;
}

/** Where the text that begins here ends. */
function endOfText(source: string, begin: number): number {
  let at = begin + 1;
  while (at < source.length && source[at] !== source[begin]) at += source[at] === "\\" ? 2 : 1;
  return at;
}

/** Texts are left as they are, whatever they hold. */
function withoutComments(source: string): string {
  return source.replace(
    /("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`)|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g,
    (_, text?: string) => text ?? " ",
  );
}
