// Whether this version can open a vault, before it takes the place of an agent that has it open.

import { join } from 'node:path'
import { Failure } from '../../core/failures.ts'
import { DecodeError } from '../../core/util/json-decoder.ts'
import { realDisk } from '../../platform/fs/disk.ts'
import { decodeStoredManifest } from './manifest.ts'

/** Resolves if there is no vault, or one of a format that this version knows. Rejects with vault_changed, storage_failed. */
export async function checkVaultFormat(vaultDirectory: string): Promise<void> {
  const path = join(vaultDirectory, 'vault.json')
  const content = await realDisk.read(path)
  if (content === undefined) return
  try {
    decodeStoredManifest(content)
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    throw new Failure('vault_changed', `this version cannot open ${path}: ${error.message}`, {
      hint: 'a newer authsock has written it, or it is damaged: use the newest version',
      cause: error,
    })
  }
}
