import { KeyGenerationError } from "./errors.ts";
import { inOrder, type Parameters, parametersOf, usesObject } from "./parameters.ts";
import { textOf } from "./template.ts";
import { moduleOf } from "./trace.ts";

type AnyFunction = (...args: never[]) => unknown;

/** The functions that have each name, of those that were called. */
const named = new Map<string, DefaultKey>();

/** The keys of a function that was given no template: its module, its name, its arguments. */
export class DefaultKey {
  readonly #fn: AnyFunction;
  readonly #parameters: Parameters;
  #name: string | undefined;

  /** Refuses a function that cannot be told from another by its name. */
  constructor(fn: AnyFunction) {
    const parameters = parametersOf(fn);
    if (parameters === undefined) throw needed(fn, "has no source that can be seen");
    if (fn.name === "") throw needed(fn, "has no name");
    if (usesObject(fn)) throw needed(fn, "is a method, of a class whose name is not known");
    this.#fn = fn;
    this.#parameters = parameters;
  }

  /** The key of a call. */
  of(args: readonly unknown[]): string {
    this.#name ??= this.#take();
    const texts = inOrder(this.#parameters, args).map((value, index) =>
      textOf(value, `argument ${index + 1}`),
    );
    return [this.#name, ...texts].join(":");
  }

  // Not before the first call: a component is built before it knows its files.
  #take(): string {
    const fn = this.#fn;
    const module = moduleOf(fn);
    if (module === undefined) throw needed(fn, "is of a module that is not known");
    const name = textOf(`${module}.${fn.name}`, "name");
    if (named.has(name)) throw needed(fn, `has the name \`${name}\` of another cached function`);
    named.set(name, this);
    return name;
  }
}

function needed(fn: AnyFunction, reason: string): KeyGenerationError {
  const it = fn.name === "" ? "the function" : `\`${fn.name}\``;
  return new KeyGenerationError(`${it} ${reason}, so its key needs a template`);
}
