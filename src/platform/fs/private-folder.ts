// Folders that only this user may write to (L17, S13): the state folder and the vault's. One that others can write to is refused,
// as ssh refuses such a folder: what is in it may have been put there by them. One that others can only read is closed.

import { chmodSync, mkdirSync, type Stats, statSync } from 'node:fs'
import { Failure } from '../../core/failures.ts'
import { isWritableByOthers, modeOf } from './own-file.ts'

/** Creates it with mode 0700, or checks and closes it. A link to a folder is followed. Throws storage_failed, or the system's error. */
export function preparePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  checkPrivateFolder(path)
}

/** As preparePrivateFolder; a folder that does not exist is not created. */
export function checkPrivateFolder(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats !== undefined && isOpenToReaders(stats, path)) chmodSync(path, 0o700)
}

/** Throws storage_failed if it is not a folder of this user that others cannot write to. Whether others can read it. */
export function isOpenToReaders(stats: Stats, path: string): boolean {
  if (!stats.isDirectory()) throw new Failure('storage_failed', `${path} is not a folder`, { hint: `move ${path} away` })
  if (process.platform === 'win32') return false
  if (stats.uid !== process.getuid?.()) {
    throw new Failure('storage_failed', `${path} belongs to another user (uid ${stats.uid})`, {
      hint: 'run authsock as that user, or set XDG_STATE_HOME to a folder of your own',
    })
  }
  if (isWritableByOthers(stats)) {
    throw new Failure('storage_failed', `${path} can be written by others (mode ${modeOf(stats)})`, {
      hint: `check what is in it, then chmod 700 ${path}`,
    })
  }
  return (stats.mode & 0o077) !== 0
}
