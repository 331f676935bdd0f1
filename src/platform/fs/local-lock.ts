// A lock among the processes of one machine, by flock(2): the kernel drops it when its holder dies, however it dies.

import { closeSync, constants, openSync } from 'node:fs'
import type { TryLocalLock } from '../../core/ports.ts'
import { libc } from '../ffi.ts'

const exclusive = 2
const nonBlocking = 4

let flock: ((fd: number, operation: number) => number) | undefined
/** EWOULDBLOCK, of Linux and of macOS. Anything else means that this file system has no such lock. */
const taken: ReadonlySet<number> = new Set([11, 35])

/** Whether this platform has such a lock; Windows has not. */
export const hasLocalLock = (): boolean => process.platform !== 'win32' && libc() !== undefined

/** Throws where the file cannot be opened. Node opens with O_CLOEXEC, so no child inherits the lock. */
export const tryLocalLock: TryLocalLock = (path) => {
  flock ??= libc()?.libc.func('int flock(int, int)') as typeof flock
  if (flock === undefined) return () => {}
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
  if (flock(fd, exclusive | nonBlocking) === 0) return () => closeSync(fd)
  const errno = libc()?.koffi.errno()
  closeSync(fd)
  // Without it, the lock that goes stale has to do.
  return errno === undefined || taken.has(errno) ? undefined : () => {}
}
