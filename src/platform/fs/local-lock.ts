// A lock between processes of one machine, by flock(2): the kernel releases it when the holder ends, however it ends.

import { closeSync, constants, openSync } from 'node:fs'
import type { TryLocalLock } from '../../core/ports.ts'
import { libc } from '../ffi.ts'

const exclusive = 2
const nonBlocking = 4

let flock: ((fd: number, operation: number) => number) | undefined
/** EWOULDBLOCK on Linux and macOS. Any other error means that the file system does not support flock. */
const taken: ReadonlySet<number> = new Set([11, 35])

/** False on Windows. */
export const hasLocalLock = (): boolean => process.platform !== 'win32' && libc() !== undefined

/** A lock that this process holds on a file. */
export interface FileLock {
  readonly fd: number
  readonly release: () => void
}

/** Undefined if another process holds it. Throws if the file cannot be opened. Node opens with O_CLOEXEC: no child inherits it. */
export function lockFile(path: string): FileLock | undefined {
  flock ??= libc()?.libc.func('int flock(int, int)') as typeof flock
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
  const held = { fd, release: () => closeSync(fd) }
  if (flock === undefined || flock(fd, exclusive | nonBlocking) === 0) return held
  const errno = libc()?.koffi.errno()
  // Without flock, callers rely on the lock that expires.
  if (errno !== undefined && !taken.has(errno)) return held
  closeSync(fd)
  return undefined
}

export const tryLocalLock: TryLocalLock = (path) => lockFile(path)?.release
