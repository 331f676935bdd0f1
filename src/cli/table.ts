// The one table of the command line: headings, columns padded to their widest cell, the less important columns left out on a
// narrow terminal. Pure.

import { sanitizeForDisplay } from '../core/util/text.ts'
import { displayWidth } from './layout.ts'
import type { Style } from './terminal.ts'

export interface Cell {
  readonly text: string
  readonly paint?: ((text: string) => string) | undefined
}

/** `-` stands for an absent value. */
export const cell = (text: string | undefined, paint?: Cell['paint']): Cell => ({ text: text ?? '-', paint })

export interface Table {
  readonly headings: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
  /** Lines below a row, by its index. */
  readonly details?: (row: number) => readonly string[]
  /** Columns that may be left out, the least important first. */
  readonly optional?: readonly number[]
  /** Of tables that are printed in parts. */
  readonly minWidths?: readonly number[]
}

const gap = '   '
const maxCell = 200

/** The heading, then the rows. Cells hold names that others chose: they are sanitized here. */
export function tableLines(table: Table, width: number, style: Style): readonly string[] {
  const { headings, details, optional = [] } = table
  const heading = headings.map((text): Cell => ({ text: text.toUpperCase(), paint: style.dim }))
  const rows = sanitized(table)
  const widths = columnWidths(table)
  const shown = shownColumns(widths, width, optional)
  const line = (row: readonly Cell[]): string =>
    shown
      .map((column, index) => {
        const { text, paint } = row[column] ?? { text: '' }
        const isLast = index === shown.length - 1
        const padded = isLast ? text : text + ' '.repeat(Math.max(0, (widths[column] ?? 0) - displayWidth(text)))
        return paint === undefined ? padded : paint(padded)
      })
      .join(gap)
      .trimEnd()
  return [line(heading), ...rows.flatMap((row, index) => [line(row), ...(details?.(index) ?? [])])]
}

function shownColumns(widths: readonly number[], width: number, optional: readonly number[]): readonly number[] {
  let shown = widths.map((_, column) => column)
  for (const column of optional) {
    const needed = shown.reduce((sum, each) => sum + gap.length + (widths[each] ?? 0), -gap.length)
    if (needed <= width) break
    shown = shown.filter((each) => each !== column)
  }
  return shown
}

/** As wide as the widest cell. */
export const columnWidths = (table: Table): readonly number[] => {
  const rows = sanitized(table)
  return table.headings.map((heading, column) =>
    Math.max(heading.length, table.minWidths?.[column] ?? 0, ...rows.map((row) => displayWidth(row[column]?.text ?? ''))),
  )
}

const sanitized = ({ rows }: Table): readonly (readonly Cell[])[] =>
  rows.map((row) => row.map(({ text, paint }): Cell => ({ text: sanitizeForDisplay(text, maxCell), paint })))
