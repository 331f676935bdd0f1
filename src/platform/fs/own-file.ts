// Opens and reads files that belong to this user (L17): not through a symbolic link, without blocking on a pipe or a device,
// and only if the file is regular, is ours or root's, and cannot be written by others. Used by every part of src that keeps files.

import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { Failure } from '../../core/failures.ts'

/** Windows has neither flag. */
const safeFlags = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0)

/** Larger than any file of ours that is read as a whole. */
const defaultMaxBytes = 64 * 1024 * 1024

/** Fails with storage_failed for a file that is not acceptable, and with the system's error otherwise (ENOENT, ELOOP, ...). */
export async function openOwnFile(path: string, flags: number, mode = 0o600): Promise<FileHandle> {
  const file = await open(path, flags | safeFlags, mode)
  try {
    checkOwnFile(await file.stat(), path)
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

/** As openOwnFile; gives a descriptor. */
export function openOwnFileSync(path: string, flags: number, mode = 0o600): number {
  const fd = openSync(path, flags | safeFlags, mode)
  try {
    checkOwnFile(fstatSync(fd), path)
    return fd
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

/** Undefined if there is no such file. */
export async function readOwnFile(path: string, maxBytes = defaultMaxBytes): Promise<Buffer | undefined> {
  try {
    const file = await openOwnFile(path, constants.O_RDONLY)
    try {
      const { size } = await file.stat()
      checkSize(size, maxBytes, path)
      return await file.readFile()
    } finally {
      await file.close()
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** As readOwnFile. */
export function readOwnFileSync(path: string, maxBytes = defaultMaxBytes): Buffer | undefined {
  let fd: number
  try {
    fd = openOwnFileSync(path, constants.O_RDONLY)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const { size } = fstatSync(fd)
    checkSize(size, maxBytes, path)
    const buffer = Buffer.alloc(size)
    let length = 0
    for (let read = 1; read > 0 && length < size; length += read) read = readSync(fd, buffer, length, size - length, null)
    return buffer.subarray(0, length)
  } finally {
    closeSync(fd)
  }
}

const refused = (message: string, hint?: string): Failure =>
  new Failure('storage_failed', message, hint === undefined ? {} : { hint })

function checkOwnFile(stats: Stats, path: string): void {
  if (!stats.isFile()) throw refused(`${path} is not a regular file`, `move ${path} away`)
  if (process.platform === 'win32') return
  if (stats.uid !== process.getuid?.() && stats.uid !== 0) {
    throw refused(`${path} belongs to another user (uid ${stats.uid})`, `check the file, then chown it to yourself`)
  }
  if (isWritableByOthers(stats)) {
    throw refused(`${path} can be written by others (mode ${modeOf(stats)})`, `check the file, then chmod go-w ${path}`)
  }
}

function checkSize(size: number, maxBytes: number, path: string): void {
  if (size > maxBytes) throw refused(`${path} is larger than ${maxBytes} bytes`, `move ${path} away`)
}

/** A private group of the user's own, as Debian makes one for each user, counts as the user. */
export const isWritableByOthers = (stats: Pick<Stats, 'mode' | 'uid' | 'gid'>): boolean =>
  (stats.mode & 0o002) !== 0 || ((stats.mode & 0o020) !== 0 && !(stats.gid === stats.uid && stats.gid === process.getgid?.()))

export const modeOf = (stats: Pick<Stats, 'mode'>): string => (stats.mode & 0o7777).toString(8)
