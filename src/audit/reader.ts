// Reads the records of the audit log, whether an agent runs or not, and while it writes and rotates the files.

import { Failure } from '../core/failures.ts'
import { closeAuditFiles, openAuditFiles } from './files.ts'
import { linesOf } from './lines.ts'
import { type AuditRecord, parseAuditLine } from './record.ts'

/** By file: how far it has been read. */
export type AuditPositions = Map<string, number>

/** Oldest first. With the `positions` of an earlier call, only what is new since then. Fails with storage_failed. */
export async function* readAudit(
  path: string,
  positions: AuditPositions = new Map(),
): AsyncGenerator<AuditRecord & { readonly text: string }> {
  const all = await openAuditFiles(path)
  try {
    const current = all.refused.find(({ number }) => number === 0)
    if (current !== undefined) throw new Failure('storage_failed', current.why)
    for (const id of positions.keys()) if (!all.files.some((file) => file.id === id)) positions.delete(id)
    for (const { id, size, handle } of all.files) {
      const known = positions.get(id) ?? 0
      if (known === size) continue
      for await (const { bytes, end, isCut } of linesOf(handle, known > size ? 0 : known)) {
        if (isCut) continue
        positions.set(id, end)
        const text = bytes.toString()
        const record = parseAuditLine(text)
        if (record !== undefined) yield { ...record, text }
      }
    }
  } finally {
    await closeAuditFiles(all)
  }
}
