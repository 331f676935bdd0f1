// The last manifest that was accepted, noted outside the vault's folder: who can write to the vault cannot change what is expected of
// it. The note is a whole manifest, so that it can be copied back. Its loss costs one opening without this check.

import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { asFailure } from '../../core/failures.ts'
import { DecodeError } from '../../core/util/json-decoder.ts'
import { atomicWrite } from '../../platform/fs/atomic-write.ts'
import { diskFailure } from '../../platform/fs/disk.ts'
import { readOwnFile } from '../../platform/fs/own-file.ts'
import { decodeStoredManifest, encodeManifest, type Manifest } from './manifest.ts'

export class ManifestNote {
  readonly path: string
  readonly #warn: (text: string) => void

  constructor(path: string, warn: (text: string) => void) {
    this.path = path
    this.#warn = warn
  }

  /** Undefined if there is none, or none that can be read: that is said. */
  async read(): Promise<Manifest | undefined> {
    try {
      const content = await readOwnFile(this.path)
      const stored = content === undefined ? undefined : decodeStoredManifest(content)
      if (stored?.kind === 'legacy') throw new DecodeError("'format' is not 2")
      return stored?.manifest
    } catch (error) {
      const failure = error instanceof DecodeError ? asFailure(error) : diskFailure(error, this.path)
      this.#warn(
        `the note of the vault's keys cannot be read, and a change of vault.json would not be noticed: ${failure.message}`,
      )
      return undefined
    }
  }

  /** A newer note of the same vault stays: another agent wrote it. */
  async write(manifest: Manifest): Promise<void> {
    const noted = await this.read()
    if (noted?.vault_id === manifest.vault_id && noted.revision >= manifest.revision && noted.current === manifest.current) return
    try {
      await mkdir(dirname(this.path), { recursive: true, mode: 0o700 })
      await atomicWrite(this.path, encodeManifest(manifest))
    } catch (error) {
      this.#warn(
        `the vault's keys cannot be noted, and a change of vault.json would not be noticed: ${diskFailure(error, this.path).message}`,
      )
    }
  }
}
