// The difference of two texts line by line, as a reader of `diff` expects it: a line that stays is never shown as removed (U8). Pure.

/** Above this many comparisons a block is shown as replaced. */
const maxComparisons = 4_000_000
/** Unchanged lines that are shown around a change. */
const contextLines = 2

type Mark = ' ' | '-' | '+'

interface MarkedLine {
  readonly mark: Mark
  readonly line: string
}

/** `- old`, `+ new`, and `  unchanged` for up to two lines around each change. Empty if the lines are the same. */
export function lineDiff(before: string, after: string): readonly string[] {
  const all = difference(linesOf(before), linesOf(after))
  return all.filter((_, index) => isNearChange(all, index)).map(({ mark, line }) => `${mark} ${line}`)
}

/** A line feed at the end of the text is no line, and its absence no change. */
const linesOf = (text: string): readonly string[] => (text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/))

const isNearChange = (lines: readonly MarkedLine[], index: number): boolean =>
  lines.slice(Math.max(0, index - contextLines), index + contextLines + 1).some(({ mark }) => mark !== ' ')

function difference(before: readonly string[], after: readonly string[]): readonly MarkedLine[] {
  const shorter = Math.min(before.length, after.length)
  let start = 0
  while (start < shorter && before[start] === after[start]) start++
  let end = 0
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end++
  const marked = (mark: Mark, lines: readonly string[]): readonly MarkedLine[] => lines.map((line) => ({ mark, line }))
  const [removed, added] = [before.slice(start, before.length - end), after.slice(start, after.length - end)]
  const middle =
    removed.length * added.length > maxComparisons ? [...marked('-', removed), ...marked('+', added)] : aligned(removed, added)
  return [...marked(' ', before.slice(0, start)), ...middle, ...marked(' ', before.slice(before.length - end))]
}

/** By the longest common subsequence. */
function aligned(a: readonly string[], b: readonly string[]): readonly MarkedLine[] {
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1))
  const at = (i: number, j: number): number => lengths[i]?.[j] ?? 0
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--) {
      const row = lengths[i]
      if (row !== undefined) row[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  const lines: MarkedLine[] = []
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ mark: ' ', line: a[i] ?? '' })
      i++
      j++
    } else if (i < a.length && (j === b.length || at(i + 1, j) >= at(i, j + 1))) lines.push({ mark: '-', line: a[i++] ?? '' })
    else lines.push({ mark: '+', line: b[j++] ?? '' })
  }
  return lines
}
