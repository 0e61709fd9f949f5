/**
 * Text as UTF-8, strictly: what is not well-formed is refused, not replaced.
 *
 * The component's engine has neither `TextEncoder` nor `TextDecoder`. What it has in
 * native code is ten times as fast as a loop over the characters: `encodeURIComponent`
 * and its like, which speak UTF-8 (a byte is a character of its own there), and base64
 * from such text to bytes and back.
 */
export declare function isAscii(text: string): boolean;
/** With what the component's engine has. */
export declare const engine: {
    encode(text: string): Uint8Array;
    decode(bytes: Uint8Array): string;
};
/** Whether a text is one that UTF-8 can write: it has no half of a surrogate pair. */
export declare function isWellFormed(text: string): boolean;
/** The UTF-8 of a text; none if it is not well-formed. */
export declare function encodeText(text: string): Uint8Array | undefined;
/** The text of which these bytes are the UTF-8; none if they are not. */
export declare function decodeText(bytes: Uint8Array): string | undefined;
