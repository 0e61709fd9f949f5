const NETWORK = ["fetch", "WebSocket", "XMLHttpRequest", "EventSource"];
const HERE = "guest/javascript/LIMITS.md says what there is instead";

/** Of an error that names what other engines have, why it is not there. */
export function hintFor(error: unknown): string | undefined {
  const [, name] = (error instanceof ReferenceError && NOT_DEFINED.exec(error.message)) || [];
  if (name === undefined) return undefined;
  if (!NETWORK.includes(name)) return `if \`${name}\` is no mistake, ${HERE}`;
  return `no option grants \`${name}\`: components in JavaScript have no network; ${HERE}`;
}

const NOT_DEFINED = /^'?([\p{ID_Continue}$]+)'? is not defined$/u;
