// The folders of shares, one each: a container mounts it, so it stays the same one for as long as the share exists. The folder above
// is 0700 and keeps other users of this machine out.

import { chmodSync, lstatSync, mkdirSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { dropSecret, secretFile } from './share-secret.ts'

export class ShareFolders {
  readonly #parent: string

  constructor(parent: string) {
    this.#parent = parent
  }

  of(name: string): string {
    return join(this.#parent, name)
  }

  socket(name: string): string {
    return join(this.of(name), 'agent.sock')
  }

  secretFile(name: string): string {
    return secretFile(this.of(name))
  }

  /** Created if it is not there: a client in the container may have any uid. */
  prepare(name: string): string {
    const folder = this.of(name)
    mkdirSync(this.#parent, { recursive: true, mode: 0o700 })
    if (lstatSync(folder, { throwIfNoEntry: false }) === undefined) {
      mkdirSync(folder)
      chmodSync(folder, 0o755)
    }
    return folder
  }

  /** Removes what is ours. What a container with a writable mount has put there is not looked at, and stays. Throws then. */
  clear(name: string): void {
    const folder = this.of(name)
    try {
      dropSecret(folder)
      rmSync(this.socket(name), { force: true })
      rmdirSync(folder)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
}
