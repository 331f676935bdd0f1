// Pieces of TOML text: tables to cut out, key-value pairs to add. Everything else in the file stays as it is, to the byte.

export const keyName = (key: { type: string; name?: string; value?: string } | undefined): string | undefined =>
  key?.type === 'TOMLBare' ? key.name : key?.value

/** The range of a table, without the comments above the next table, which belong to that. */
export function wholeTable(text: string, start: number, end: number): readonly [number, number] {
  const lines = text.slice(start, end).split('\n')
  let last = lines.length - 1
  while (last > 0 && /^\s*(#.*)?\r?$/.test(lines[last] ?? '')) last--
  const length = lines.slice(0, last + 1).join('\n').length
  const after = text.slice(start + length, end)
  // One blank line after the table is part of it; comments are not.
  const blank = /^\r?\n(\s*?\r?\n)?/.exec(after)?.[0].length ?? 0
  return [start, start + length + blank]
}

export function wholeLines(text: string, [start, end]: readonly [number, number]): readonly [number, number] {
  const from = text.lastIndexOf('\n', start - 1) + 1
  const to = text.indexOf('\n', end)
  return [from, to < 0 ? text.length : to + 1]
}

export function cut(text: string, ranges: readonly (readonly [number, number])[]): string {
  const kept = ranges.toSorted(([a], [b]) => b - a).reduce((rest, [start, end]) => rest.slice(0, start) + rest.slice(end), text)
  // The blank line that was above the last table.
  return ranges.some(([, end]) => end === text.length) ? kept.replace(/\n\r?\n$/, '\n') : kept
}

export const pairs = (table: object): readonly string[] =>
  Object.entries(table).flatMap(([key, value]: [string, unknown]) =>
    value === undefined ? [] : [`${bare(key)} = ${literal(value)}`],
  )

const bare = (key: string): string => (/^[A-Za-z0-9_-]+$/.test(key) ? key : quote(key))

const literal = (value: unknown): string =>
  Array.isArray(value)
    ? `[${value.map(literal).join(', ')}]`
    : typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : quote(String(value))

/** A basic string. JSON's escapes are valid in TOML, which also escapes DEL. Invisible characters are escaped for the reader. */
export const quote = (text: string): string =>
  JSON.stringify(text).replaceAll(/[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu, (found) => {
    const code = (found.codePointAt(0) ?? 0).toString(16)
    return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`
  })
