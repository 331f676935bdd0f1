// shares.json: what is shared, over restarts of the agent.

import { mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { Failure } from '../../core/failures.ts'
import type { Share } from '../../core/access/share.ts'
import { atomicWriteSync } from '../../platform/fs/atomic-write.ts'

export class ShareFile {
  readonly #path: string
  readonly #onWarning: (text: string) => void

  constructor(path: string, onWarning: (text: string) => void) {
    this.#path = path
    this.#onWarning = onWarning
  }

  read(): readonly Share[] {
    try {
      return (JSON.parse(readFileSync(this.#path, 'utf8')) as { readonly shares: readonly Share[] }).shares
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        this.#onWarning(`${this.#path} cannot be read: the shares are gone until it is mended`)
      return []
    }
  }

  /** Throws storage_failed. */
  save(shares: readonly Share[]): void {
    const path = this.#path
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      atomicWriteSync(path, `${JSON.stringify({ version: 1, shares }, undefined, 2)}\n`)
    } catch (error) {
      throw new Failure('storage_failed', `${path} cannot be written: ${(error as NodeJS.ErrnoException).code}`, { cause: error })
    }
  }
}
