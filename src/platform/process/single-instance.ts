// One agent for each user (R9): a lock of the kernel on a file, released when the holder ends; on Windows a pipe, which only one
// process can create and which ends with it.

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { fstatSync, ftruncateSync, lstatSync, writeSync } from 'node:fs'
import { createServer } from 'node:net'
import { hasLocalLock, lockFile } from '../fs/local-lock.ts'
import { readOwnFileSync } from '../fs/own-file.ts'

export interface AgentLock {
  /** Whether it is the lock at its path: somebody may have removed or replaced the file, and another agent may hold that one. */
  isHeld(): boolean
  release(): void
}

export type AgentLockOutcome =
  | { readonly kind: 'held'; readonly lock: AgentLock }
  /** By another agent. `pid`: as it wrote it; undefined if it did not. */
  | { readonly kind: 'taken'; readonly pid: number | undefined }

/** Throws if the file cannot be opened. */
export async function takeAgentLock(path: string): Promise<AgentLockOutcome> {
  if (!hasLocalLock()) {
    const release = await holdByListening(lockPipe(path))
    return release === undefined ? { kind: 'taken', pid: undefined } : { kind: 'held', lock: { isHeld: () => true, release } }
  }
  for (;;) {
    const file = lockFile(path)
    if (file === undefined) return { kind: 'taken', pid: holderOf(path) }
    const { fd, release } = file
    const { dev, ino } = fstatSync(fd)
    const isHeld = (): boolean => {
      const stats = lstatSync(path, { throwIfNoEntry: false })
      return stats?.dev === dev && stats.ino === ino
    }
    if (isHeld()) {
      ftruncateSync(fd)
      writeSync(fd, `${process.pid}\n`, 0)
      return { kind: 'held', lock: { isHeld, release } }
    }
    // It was replaced between the two calls.
    release()
  }
}

/** For people: `' (pid 42)'`, or nothing. */
export const pidText = (pid: number | undefined): string => (pid === undefined ? '' : ` (pid ${pid})`)

function holderOf(path: string): number | undefined {
  try {
    const text = readOwnFileSync(path)?.toString() ?? ''
    return /^[1-9]\d{0,9}\n$/.test(text) ? Number(text) : undefined
  } catch {
    return undefined
  }
}

const lockPipe = (path: string): string =>
  process.platform === 'win32'
    ? `\\\\.\\pipe\\authsock-lock-${createHash('sha256').update(path.toLowerCase()).digest('hex').slice(0, 32)}`
    : `${path}.held`

/** Listening at `address` is the lock: only one process can. Connections are closed at once. */
export async function holdByListening(address: string): Promise<(() => void) | undefined> {
  const server = createServer((socket) => socket.destroy())
  try {
    const listening = once(server, 'listening')
    server.listen(address)
    await listening
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined
    throw error
  }
  server.unref()
  return () => server.close()
}
