import { Decimal } from "./decimal.ts";
import { KeyGenerationError } from "./errors.ts";
import { Float } from "./float.ts";
import { isWellFormed } from "./text.ts";
import { Uuid } from "./uuid.ts";

/** A text with placeholders: `profile:{user.id}:{page}`, or `profile:{0}`. */
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
      text += typeof piece === "string" ? piece : textOf(find(values, piece), piece.join("."));
    }
    return text;
  }
}

/**
 * A key or tag whose values are escaped: `` key`posts:${user}:${page}` ``. A value is a text,
 * a number, a boolean or null, and between two values there is a `:`, so different values
 * never make the same key.
 */
export function key(texts: TemplateStringsArray, ...values: unknown[]): string {
  let text = "";
  for (const [index, piece] of texts.entries()) {
    text += piece;
    if (index === values.length) break;
    if (index > 0 && !piece.includes(":")) {
      throw wrong(texts.join("{…}"), `no \`:\` between value ${index} and value ${index + 1}`);
    }
    text += textOf(values[index], `value ${index + 1}`);
  }
  return text;
}

/** The one text that a value has in keys, in every language: wit/KEYS.md. */
export function textOf(value: unknown, name: string): string {
  if (value === null) return "null";
  if (value instanceof Float) return numberText(value.value, name);
  // As in other languages, these have a text of their own.
  if (value instanceof Uuid || value instanceof Decimal) return escapeText(String(value));
  switch (typeof value) {
    case "string":
      if (!isWellFormed(value)) {
        throw new KeyGenerationError(`\`${name}\` has half of a surrogate pair`);
      }
      return escapeText(value);
    case "number":
      return numberText(value, name);
    case "bigint":
    case "boolean":
      return String(value);
    case "undefined":
      throw new KeyGenerationError(`\`${name}\` is undefined, which makes no key`);
    default:
      throw new KeyGenerationError(
        `\`${name}\` is a ${typeof value}, and a key is made of texts, numbers, booleans and ` +
          "null: name what tells it apart (`{user.id}`), or make a text of it",
      );
  }
}

function numberText(value: number, name: string): string {
  if (!Number.isFinite(value)) {
    throw new KeyGenerationError(`\`${name}\` is ${value}, which has no place in a key`);
  }
  if (Number.isSafeInteger(value)) return String(value);
  if (Number.isInteger(value)) return String(BigInt(value));
  const [mantissa = "", exponent] = Math.abs(value).toExponential().split("e");
  let digits = mantissa.replace(".", "");
  let scale = Number(exponent) - digits.length + 1;
  // QuickJS takes the fewest digits that are the nearest. At a power of two, fewer may do.
  while (digits.length > 1) {
    const fewer = String(BigInt(digits.slice(0, -1)) + 1n);
    if (Number(`${fewer}e${scale + 1}`) !== Math.abs(value)) break;
    [digits, scale] = [fewer, scale + 1];
  }
  const padded = digits.padStart(1 - scale, "0");
  const fraction = padded.slice(scale).replace(/0+$/, "");
  return `${value < 0 ? "-" : ""}${padded.slice(0, scale)}.${fraction}`;
}

const SPELLS_ANOTHER_TYPE = /^(?:null|true|false|(?!-0$)-?(?:0|[1-9][0-9]*)(?:\.[0-9]*[1-9])?)$/;

function escapeText(text: string): string {
  if (SPELLS_ANOTHER_TYPE.test(text)) {
    return `%${text.charCodeAt(0).toString(16).toUpperCase()}${text.slice(1)}`;
  }
  return text.replaceAll("%", "%25").replaceAll(":", "%3A");
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

const PATH = /^(?:[\p{ID_Start}$_][\p{ID_Continue}$]*|[0-9]+)(\.[\p{ID_Continue}$]+)*$/u;

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
          `\`{${path}}\` is no value: write a name, a field of it (\`user.id\`), or a position (\`0\`)`,
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
