// Names that others choose, in sentences that a person decides by: nothing in them may look like the sentence around them, hide
// a part of it or turn it round.

/** Controls, line ends, bidi and other invisible formatting, private and unassigned characters, spaces and fillers that look like nothing. */
const deceptive = /[\p{C}\p{Zl}\p{Zp}\u115f\u1160\u2800\u3164\uffa0]|(?! )\p{Zs}|\p{M}{4,}/gu

const longest = 160

/** On one line, of a length that leaves room for the rest. */
export function sanitizeForDisplay(text: string, most = longest): string {
  const seen = text.replaceAll(deceptive, '\ufffd')
  const letters = Array.from(seen)
  // Both ends of a path say something.
  return letters.length <= most ? seen : [...letters.slice(0, most / 2), '\u2026', ...letters.slice(-most / 2)].join('')
}

/** Keeps line feeds and the length: for whole messages, whose parts may come from a server or a tool. */
export const stripControls = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.replaceAll(deceptive, '\ufffd'))
    .join('\n')

/** In quotes where it is more than a word. */
export function quoteForDisplay(text: string): string {
  const name = sanitizeForDisplay(text)
  return /^[\p{L}\p{M}\p{N}._+@:/*~%=?&-]+$/u.test(name) ? name : `"${name.replaceAll('"', "'")}"`
}
