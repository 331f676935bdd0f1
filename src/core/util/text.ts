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

/** A control, with the SGR sequence that it starts if that is one of the command line's own colours: those hide nothing. */
const controls = /\p{Cc}(?:\[(?:1|2|22|31|32|33|39)m)?|[\p{Cf}\p{Zl}\p{Zp}]/gu

/** For a terminal: keeps line feeds, tabs and the colours of cli/terminal.ts; every other control becomes U+FFFD. */
export const sanitizeForTerminal = (text: string): string =>
  text.replaceAll(controls, (found) =>
    found === '\n' || found === '\t' || found.startsWith('\u001b[') ? found : `\ufffd${found.slice(1)}`,
  )

/** JSON in which every character that ends lines, moves cursors or hides text is escaped: JSON.stringify leaves some as they are. */
export function visibleJson(value: unknown, indent?: number): string {
  const json = JSON.stringify(value, undefined, indent)
  if (!/[^ -~\n]/.test(json)) return json
  return json.replaceAll(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (found) =>
    Array.from({ length: found.length }, (_, at) => `\\u${found.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''),
  )
}
