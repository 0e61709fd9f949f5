import { KeyGenerationError } from "./errors.ts";
import { isWellFormed } from "./text.ts";

/** A text with placeholders: `profile:{user.id}:{page}`. */
export class Template {
  readonly #pieces: (string | readonly string[])[];

  /** Refuses a template that is wrong. */
  constructor(readonly source: string) {
    if (typeof source !== "string") throw new KeyGenerationError("a template is no string");
    if (source === "") throw wrong(source, "it is empty: no key or tag is");
    this.#pieces = split(source);
    let separated = true;
    for (const piece of this.#pieces) {
      if (typeof piece === "string") separated ||= piece.includes(":");
      else if (separated) separated = false;
      else {
        throw wrong(
          source,
          `no \`:\` between \`{${piece.join(".")}}\` and the value before it: ` +
            "different values could make the same key",
        );
      }
    }
  }

  /** The names that its placeholders begin with. */
  get names(): string[] {
    return this.#pieces.flatMap((piece) => (typeof piece === "string" ? [] : piece.slice(0, 1)));
  }

  /** The key or tag, with these values in it. */
  fill(values: object): string {
    let text = "";
    for (const piece of this.#pieces) {
      text += typeof piece === "string" ? piece : escapeValue(find(values, piece), piece.join("."));
    }
    return text;
  }
}

/**
 * A key or tag whose values are escaped: `` key`posts:${user}:${page}` ``. Between two
 * values there is a `:`, so different values never make the same key.
 */
export function key(texts: TemplateStringsArray, ...values: unknown[]): string {
  let text = "";
  for (const [index, piece] of texts.entries()) {
    text += piece;
    if (index === values.length) break;
    if (index > 0 && !piece.includes(":")) {
      throw wrong(texts.join("{…}"), `no \`:\` between value ${index} and value ${index + 1}`);
    }
    text += escapeValue(values[index], `value ${index + 1}`);
  }
  return text;
}

/** A value as a part of a key, without the sign that separates parts. */
function escapeValue(value: unknown, name: string): string {
  switch (typeof value) {
    case "string":
      if (isWellFormed(value)) return value.replaceAll("%", "%25").replaceAll(":", "%3A");
      throw new KeyGenerationError(`\`${name}\` has half of a surrogate pair`);
    case "number":
    case "bigint":
    case "boolean":
      return String(value);
    default: {
      const what = value === null || value === undefined ? String(value) : `a ${typeof value}`;
      throw new KeyGenerationError(
        `\`${name}\` is ${what}: a key is made of texts, numbers and booleans`,
      );
    }
  }
}

function find(values: object, path: readonly string[]): unknown {
  let found: unknown = values;
  for (const name of path) {
    // Only what the program put there: no `constructor` or `length` from elsewhere.
    const there = typeof found === "object" && found !== null && name in found;
    if (!there || name in Object.prototype) {
      throw new KeyGenerationError(`there is no \`${path.join(".")}\` to make a key of`);
    }
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}

const PATH = /^[\p{ID_Start}$_][\p{ID_Continue}$]*(\.[\p{ID_Continue}$]+)*$/u;

/** Texts, and paths of names. */
function split(source: string): (string | string[])[] {
  const pieces: (string | string[])[] = [];
  let text = "";
  let at = 0;
  while (at < source.length) {
    const char = source[at] as string;
    if (char !== "{" && char !== "}") {
      text += char;
      at += 1;
    } else if (source[at + 1] === char) {
      text += char;
      at += 2;
    } else if (char === "}") {
      throw wrong(source, "a `}` without its `{`: a brace of the text is written `}}`");
    } else {
      const end = source.slice(at + 1).search(/[{}]/) + at + 1;
      if (source[end] !== "}" || end === at) {
        throw wrong(source, "a `{` without its `}`: a brace of the text is written `{{`");
      }
      const path = source.slice(at + 1, end).trim();
      if (!PATH.test(path)) {
        throw wrong(
          source,
          `\`{${path}}\` is no value: write a name, or a field of it (\`user.id\`)`,
        );
      }
      if (text !== "") pieces.push(text);
      text = "";
      pieces.push(path.split("."));
      at = end + 1;
    }
  }
  if (text !== "") pieces.push(text);
  return pieces;
}

function wrong(source: string, reason: string): KeyGenerationError {
  return new KeyGenerationError(`the template \`${source}\` is wrong: ${reason}`);
}
