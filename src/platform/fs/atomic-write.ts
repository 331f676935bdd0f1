// The one atomic write of the program: a temporary file beside the target (created exclusively, never through a link, with its
// final mode), fsync, rename, fsync of the folder. A crash leaves the old content or the new, and at most a `*.tmp` file.

import { randomBytes } from 'node:crypto'
import { closeSync, constants, fchmodSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Disk, realDisk } from './disk.ts'

/** A name beside `path` that is not taken; `SealedFiles.sweep` knows its form. */
export const temporaryName = (path: string): string => `${path}.${randomBytes(8).toString('hex')}.tmp`

interface AtomicWriteOptions {
  readonly mode?: number
  readonly disk?: Disk
}

/** Durable when it resolves. Fails with the system's error. */
export async function atomicWrite(
  path: string,
  content: Uint8Array | string,
  { mode = 0o600, disk = realDisk }: AtomicWriteOptions = {},
): Promise<void> {
  const temporary = temporaryName(path)
  try {
    await disk.create(temporary, Buffer.from(content), mode)
    await disk.rename(temporary, path)
  } catch (error) {
    await disk.remove(temporary).catch(() => {})
    throw error
  }
  await disk.syncFolder(dirname(path))
}

/** As atomicWrite, durable when it returns. */
export function atomicWriteSync(path: string, content: Uint8Array | string, mode = 0o600): void {
  const temporary = temporaryName(path)
  try {
    createSync(temporary, content, mode)
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
  syncFolderSync(dirname(path))
}

function createSync(path: string, content: Uint8Array | string, mode: number): void {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)
  const fd = openSync(path, flags, 0o600)
  try {
    writeFileSync(fd, content)
    // By descriptor: the umask does not count, and in a folder that others can write to the name may be another file's by now.
    if (mode !== 0o600) fchmodSync(fd, mode)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

function syncFolderSync(path: string): void {
  // Windows cannot sync a folder, and does not need it.
  if (process.platform === 'win32') return
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
