/**
 * Texts in the order of their UTF-8, as all languages have it. JavaScript's own is that of
 * UTF-16, in which the two halves of a pair come before what follows them.
 *
 * @param {string} a
 * @param {string} b
 */
export function byBytes(a, b) {
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at += 1;
  // Halves of a pair stand for what is beyond all that has one half.
  const rank = (/** @type {string} */ text) => {
    const unit = at < text.length ? text.charCodeAt(at) : -1;
    return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
  };
  return rank(a) - rank(b);
}
