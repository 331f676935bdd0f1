// What the demo prints: in a terminal with colours and a line that is rewritten, elsewhere as plain lines.

const isTerminal = process.stdout.isTTY === true
const hasColour = isTerminal && (process.env['NO_COLOR'] ?? '') === ''
const paint = (code: number, text: string): string => (hasColour ? `\u001b[${code}m${text}\u001b[0m` : text)

export const line = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

export const heading = (text: string): void => line(`\n${paint(1, text)}\n`)

/** A line that says what happens now. Returns what ends it. */
export function liveLine(text: () => string): () => void {
  let shown = ''
  const show = (): void => {
    const now = text()
    if (now === shown) return
    shown = now
    process.stdout.write(isTerminal ? `\r\u001b[K  ${now}` : `  ${now}\n`)
  }
  const timer = setInterval(show, isTerminal ? 100 : 1_000)
  return () => {
    clearInterval(timer)
    show()
    if (isTerminal) process.stdout.write('\n')
  }
}

/** The first column on the left, the others on the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const format = (row: readonly string[]): string =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('   ')
  line(paint(2, format(head)))
  for (const row of rows) line(format(row))
}
