/**
 * The names of a function's parameters, as its source has them, so that a template can
 * name them.
 */

type Path = readonly (number | string)[];

/** Where the value of each name is, in a list of arguments. */
export type Parameters = ReadonlyMap<string, Path>;

const NAME = /^[\p{ID_Start}$_][\p{ID_Continue}$]*/u;

/** None, if the source cannot be seen: that of a function of the engine, or a bound one. */
export function parametersOf(fn: (...args: never[]) => unknown): Parameters | undefined {
  const source = withoutComments(Function.prototype.toString.call(fn));
  if (/\{\s*\[native code\]\s*\}\s*$/.test(source)) return undefined;
  const names = new Map<string, Path>();
  const single = /^(?:async\s+)?([\p{ID_Start}$_][\p{ID_Continue}$]*)\s*=>/u.exec(source);
  if (single) return names.set(single[1] as string, [0]);
  const begin = source.indexOf("(") + 1;
  for (const [index, parameter] of parts(source, begin).entries()) {
    if (parameter.startsWith("{")) {
      for (const field of parts(parameter, 1)) {
        // `field`, `field = default`, `field: name`, `field: name = default`
        const property = NAME.exec(field)?.[0];
        const renamed = property && /^\s*:\s*(.*)/su.exec(field.slice(property.length))?.[1];
        const name = renamed ? NAME.exec(renamed)?.[0] : property;
        if (property && name) names.set(name, [index, property]);
      }
    } else {
      const name = NAME.exec(parameter)?.[0];
      if (name) names.set(name, [index]);
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

/** The values of the parameters in a call. */
export function bind(parameters: Parameters, args: readonly unknown[]): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, path] of parameters) {
    let value: unknown = args;
    for (const step of path)
      value = (value as Record<number | string, unknown> | undefined)?.[step];
    if (value !== undefined) values[name] = value;
  }
  return values;
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
