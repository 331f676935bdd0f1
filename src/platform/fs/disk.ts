// The file operations that the store is made of, each one a single step that can fail or be the last before a crash. Tests
// replace it with a faulty disk. Nothing else in the store touches files, except the locks.

import { constants } from 'node:fs'
import { chmod, link, lstat, mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises'
import { Failure } from '../../core/failures.ts'
import { systemErrorReason } from '../../core/system-error.ts'
import { readOwnFile } from './own-file.ts'
import { isOpenToReaders } from './private-folder.ts'

export interface Disk {
  /** Undefined if there is no such file. Fails for anything but a regular file of this user. */
  read(path: string): Promise<Buffer | undefined>
  /** Creates a file that did not exist, of mode 0600 unless another is given, and makes its content durable. */
  create(path: string, content: Uint8Array, mode?: number): Promise<void>
  /** Adds a second name to a file; makes a durable copy if the file system has no hard links. */
  link(from: string, to: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  /** Does nothing if there is no such file. */
  remove(path: string): Promise<void>
  /** Makes names durable that were created, renamed or removed in a folder. */
  syncFolder(path: string): Promise<void>
  list(path: string): Promise<readonly string[]>
  /** Creates a folder of mode 0700. Refuses one that is another user's or writable by others; closes one that others can read. */
  makeFolder(path: string): Promise<void>
  /**
   * A stamp that changes when a name in the folder is created, renamed or removed, and the time of the last such change: ms since
   * the epoch by the file system's clock, which no program can set back. Undefined if there is no folder, or no such time.
   */
  namesOf(path: string): Promise<{ readonly stamp: string; readonly changedAt: number } | undefined>
  /** Milliseconds since the epoch; undefined if there is no such file. */
  modifiedAt(path: string): Promise<number | undefined>
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code

export const realDisk: Disk = {
  read: (path) => readOwnFile(path),
  async create(path, content, mode = 0o600) {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)
    const file = await open(path, flags, 0o600)
    try {
      await file.writeFile(content)
      if (mode !== 0o600) await file.chmod(mode)
      await file.sync()
    } catch (error) {
      // A full disk must not fill up with partial files.
      await unlink(path).catch(() => {})
      throw error
    } finally {
      await file.close()
    }
  },
  async link(from, to) {
    try {
      await link(from, to)
    } catch (error) {
      if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV', 'EMLINK'].includes(codeOf(error) ?? '')) throw error
      const content = await realDisk.read(from)
      if (content === undefined) throw Object.assign(new Error(`${from} does not exist`, { cause: error }), { code: 'ENOENT' })
      await realDisk.create(to, content)
    }
  },
  rename,
  async remove(path) {
    try {
      await unlink(path)
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error
    }
  },
  async syncFolder(path) {
    // Windows cannot sync a folder, and does not need it.
    if (process.platform === 'win32') return
    const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY)
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  },
  list: (path) => readdir(path),
  async makeFolder(path) {
    await mkdir(path, { recursive: true, mode: 0o700 })
    // stat, not lstat: the user may have linked the folder to another disk.
    if (isOpenToReaders(await stat(path), path)) await chmod(path, 0o700)
  },
  async namesOf(path) {
    const found = await stat(path, { bigint: true }).catch(() => undefined)
    // FAT has no such time, and Windows gives zero for it.
    if (found === undefined || found.ctimeMs <= 0n) return undefined
    const { dev, ino, mtimeNs, ctimeNs } = found
    return { stamp: [dev, ino, mtimeNs, ctimeNs].join(':'), changedAt: Number(found.ctimeMs) }
  },
  async modifiedAt(path) {
    try {
      return (await lstat(path)).mtimeMs
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined
      throw error
    }
  },
}

/** Any error of a disk as storage_failed; a Failure stays what it is. */
export function diskFailure(error: unknown, what: string): Failure {
  if (error instanceof Failure) return error
  const code = codeOf(error) ?? 'unknown error'
  return new Failure('storage_failed', `${what}: ${systemErrorReason(code)}`, { cause: error })
}
