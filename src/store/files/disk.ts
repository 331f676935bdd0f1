// The operations on files that the vault is made of, each one step that can fail or be the last before a crash. Tests put
// a faulty disk in its place; nothing else in the vault touches files.

import { constants } from 'node:fs'
import { chmod, copyFile, link, lstat, mkdir, open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises'
import { Failure } from '../../core/failures.ts'

export interface Disk {
  /** Undefined where there is no such file. */
  read(path: string): Promise<Buffer | undefined>
  /** Creates a file of mode 0600 that was not there, and makes its content durable. */
  create(path: string, content: Uint8Array): Promise<void>
  /** A second name for a file; a durable copy where the file system has no links. */
  link(from: string, to: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  /** Does nothing where there is no such file. */
  remove(path: string): Promise<void>
  /** Makes names durable that were created, renamed or removed in a folder. */
  syncFolder(path: string): Promise<void>
  list(path: string): Promise<readonly string[]>
  /** Creates a folder of mode 0700, or checks that it is ours and closes it to others. */
  makeFolder(path: string): Promise<void>
  /**
   * What differs once a name in a folder was created, renamed or removed, and when one last was: ms since the epoch, by the file
   * system's clock, which nobody can set back as he can a file's. Undefined where there is no folder, or no such time.
   */
  namesOf(path: string): Promise<{ readonly stamp: string; readonly changedAt: number } | undefined>
  /** Milliseconds since the epoch; undefined where there is no such file. */
  modifiedAt(path: string): Promise<number | undefined>
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code

export const realDisk: Disk = {
  async read(path) {
    try {
      return await readFile(path)
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined
      throw error
    }
  },
  async create(path, content) {
    const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600)
    try {
      await file.writeFile(content)
      await file.sync()
    } catch (error) {
      // A full disk must not fill up with what did not fit on it.
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
      await copyFile(from, to, constants.COPYFILE_EXCL)
      await sync(to, constants.O_RDWR)
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
    // Windows has no way to, and needs none.
    if (process.platform !== 'win32') await sync(path, constants.O_RDONLY | constants.O_DIRECTORY)
  },
  list: (path) => readdir(path),
  async makeFolder(path) {
    await mkdir(path, { recursive: true, mode: 0o700 })
    if (process.platform === 'win32') return
    // Of the folder itself, should the name be a link to it.
    const { uid, mode } = await stat(path)
    if (uid !== process.getuid?.()) throw new Failure('storage_failed', `${path} belongs to another user (uid ${uid})`)
    if ((mode & 0o077) !== 0) await chmod(path, 0o700)
  },
  async namesOf(path) {
    const found = await stat(path, { bigint: true }).catch(() => undefined)
    // FAT knows no such time, and Windows gives zero for it.
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

async function sync(path: string, flags: number): Promise<void> {
  const file = await open(path, flags)
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

const sentences: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  EIO: 'the disk has an error',
  EMFILE: 'no file descriptors are left',
  ENFILE: 'no file descriptors are left',
}

/** Whatever a disk throws, as storage_failed; a Failure stays what it is. */
export function diskFailure(error: unknown, what: string): Failure {
  if (error instanceof Failure) return error
  const code = codeOf(error) ?? 'unknown error'
  return new Failure('storage_failed', `${what}: ${sentences[code] ?? code}`, { cause: error })
}
