// Undoes what `authsock setup` has done for a tool, as far as it is there still.

import { undo } from './change.ts'
import type { Records } from './records.ts'

export interface Undone {
  /** Paths of the files and links that are as they were. */
  readonly paths: readonly string[]
  /** Why the others could not be undone; they stay in the records. */
  readonly problems: readonly string[]
}

export function undoTool(records: Records, name: string): Undone {
  const done = records.of(name)
  // In reverse order, so that each finds the text that it wrote.
  const left = done.toReversed().flatMap((each) => {
    const why = undo(each)
    return why === undefined ? [] : [{ each, why }]
  })
  const kept = left.map(({ each }) => each)
  records.replace(name, kept.toReversed())
  return { paths: done.filter((each) => !kept.includes(each)).map(({ path }) => path), problems: left.map(({ why }) => why) }
}
