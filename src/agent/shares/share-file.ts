// shares.json: what is shared, over restarts of the agent.

import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { Failure } from '../../core/failures.ts'
import type { Share } from '../../core/access/share.ts'

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
    const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      writeFileSync(temporary, `${JSON.stringify({ version: 1, shares }, undefined, 2)}\n`, { mode: 0o600, flush: true })
      renameSync(temporary, path)
    } catch (error) {
      rmSync(temporary, { force: true })
      throw new Failure('storage_failed', `${path} cannot be written: ${(error as NodeJS.ErrnoException).code}`, { cause: error })
    }
  }
}
