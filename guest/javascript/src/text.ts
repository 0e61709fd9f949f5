/**
 * Text as UTF-8, strictly: what is not well-formed is refused, not replaced.
 *
 * The component's engine has neither `TextEncoder` nor `TextDecoder`. What it has in
 * native code is ten times as fast as a loop over the characters: `encodeURIComponent`
 * and its like, which speak UTF-8 (a byte is a character of its own there), and base64
 * from such text to bytes and back.
 */

interface Base64 {
  fromBase64(text: string): Uint8Array;
}

declare function btoa(bytes: string): string;
declare function atob(text: string): string;

const ASCII = /^[\0-\x7f]*$/;
// Twice as fast as the star.
const BLOCK = 1024;
const ASCII_BLOCK = new RegExp("[\\0-\\x7f]".repeat(BLOCK), "y");

export function isAscii(text: string): boolean {
  if (text.length < BLOCK) return ASCII.test(text);
  let at = 0;
  for (; text.length - at >= BLOCK; at += BLOCK) {
    ASCII_BLOCK.lastIndex = at;
    if (!ASCII_BLOCK.test(text)) return false;
  }
  return ASCII.test(text.slice(at));
}

/** With what the component's engine has. */
export const engine = {
  encode(text: string): Uint8Array {
    const bytes = isAscii(text) ? text : unescape(encodeURIComponent(text));
    return (Uint8Array as unknown as Base64).fromBase64(btoa(bytes));
  },
  decode(bytes: Uint8Array): string {
    const text = atob((bytes as unknown as { toBase64(): string }).toBase64());
    return isAscii(text) ? text : decodeURIComponent(escape(text));
  },
};

interface Encoding {
  TextEncoder: new () => { encode(text: string): Uint8Array };
  TextDecoder: new (label: string, options: object) => { decode(bytes: Uint8Array): string };
}

/** With what Node and other engines have. */
function standard({ TextEncoder, TextDecoder }: Encoding): typeof engine {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  return {
    encode: (text) => encoder.encode(text),
    decode: (bytes) => decoder.decode(bytes),
  };
}

const utf8 = "TextEncoder" in globalThis ? standard(globalThis as unknown as Encoding) : engine;

/** Whether a text is one that UTF-8 can write: it has no half of a surrogate pair. */
export function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}

/** The UTF-8 of a text; none if it is not well-formed. */
export function encodeText(text: string): Uint8Array | undefined {
  return isWellFormed(text) ? utf8.encode(text) : undefined;
}

/** The text of which these bytes are the UTF-8; none if they are not. */
export function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}
