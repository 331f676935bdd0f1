// Text laid out for a terminal: how wide it is shown, and where it is broken into lines. Pure.

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u
const colourCodes = /\p{Cc}\[\d+m/gu
const segmenter = new Intl.Segmenter()

/** Columns of a terminal: East Asian wide characters and emoji take two, colours none. */
export const displayWidth = (text: string): number =>
  Array.from(segmenter.segment(text.replaceAll(colourCodes, ''))).reduce(
    (sum, { segment }) => sum + (wide.test(segment) ? 2 : 1),
    0,
  )

/** Breaks one line at spaces; the lines that follow are indented. A word longer than a line (a URL) is never broken. */
export function wrapLine(line: string, width: number, indent = 0): readonly string[] {
  if (displayWidth(line) <= width) return [line]
  const start = /^ */.exec(line)?.[0] ?? ''
  const lines: string[] = []
  let current = start
  for (const word of line.slice(start.length).split(' ')) {
    const isFirst = current.trim() === ''
    if (!isFirst && displayWidth(current) + 1 + displayWidth(word) > width) {
      lines.push(current)
      current = `${' '.repeat(indent)}${word}`
    } else current = isFirst ? `${current}${word}` : `${current} ${word}`
  }
  return [...lines, current]
}

/**
 * A help text for a terminal of this width. Paragraphs that start at the margin are filled anew; an indented line keeps its
 * place, and is broken below its last column (what follows two spaces).
 */
export function reflow(text: string, width: number): string {
  const lines = text.split('\n')
  if (lines.every((line) => displayWidth(line) <= width)) return text
  const filled: string[] = []
  for (const [index, line] of lines.entries()) {
    const continues = /^\S/.test(line) && /^\S/.test(lines[index - 1] ?? '')
    const before = filled.at(-1)
    if (continues && before !== undefined) filled[filled.length - 1] = `${before} ${line}`
    else filled.push(line)
  }
  return filled.flatMap((line) => wrapLine(line, width, hangingIndent(line, width))).join('\n')
}

/** Below the last column of `  --option <value>  description`, unless that leaves no room. */
function hangingIndent(line: string, width: number): number {
  const start = /^ */.exec(line)?.[0].length ?? 0
  const column = /^ *\S.* {2,}(?=\S)/.exec(line)?.[0].length
  if (column !== undefined && column < width / 2) return column
  return start === 0 ? 0 : start + 2
}
