// Text as roff (man(7) macros), for the man pages.

/** A line of text: no character of it is a request or an escape to roff. `code` between back quotes is bold. */
export function roff(text: string): string {
  const escaped = text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll(/`([^`\n]+)`/g, '\\fB$1\\fR')
    .replaceAll('`', '\\(ga')
    // Everything else is ASCII: pages are read under any locale.
    .replaceAll(
      /[^\p{ASCII}]/gu,
      (character) => `\\[u${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`,
    )
  return escaped.replaceAll(/^([.])/gm, '\\&$1')
}

/** The argument of a macro. */
export const quoted = (text: string): string => `"${roff(text).replaceAll('"', '\\(dq')}"`

export const bold = (text: string): string => `\\fB${roff(text)}\\fR`
export const italic = (text: string): string => `\\fI${roff(text)}\\fR`

/** A help text: paragraphs are filled; what is indented, and what follows a line that ends with a colon, stays as it is. */
export function helpText(text: string): string {
  const blocks = text.split(/\n{2,}/).map((block) => {
    const lines = block.split('\n')
    const at = lines.findIndex((line) => line.startsWith(' '))
    if (at < 0) return `.PP\n${roff(lines.join('\n'))}`
    const above = lines.slice(0, at)
    const below = lines.slice(at)
    const lead = above.length === 0 ? [] : ['.PP', roff(above.join('\n'))]
    return [...lead, '.PP', '.nf', ...below.map(roff), '.fi'].join('\n')
  })
  // No paragraph begins behind a heading: it begins there anyway.
  return blocks.join('\n').replace(/^\.PP\n/, '')
}
