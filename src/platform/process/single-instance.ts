// One agent for each user (R9): a lock of the kernel on a file, released when the holder ends; on Windows a pipe, which only one
// process can create and which ends with it.

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { hasLocalLock, tryLocalLock } from '../fs/local-lock.ts'

/** The result releases the lock; undefined if another agent holds it. Throws if the file cannot be opened. */
export async function takeAgentLock(path: string): Promise<(() => void) | undefined> {
  if (!hasLocalLock()) return holdByListening(lockPipe(path))
  const release = tryLocalLock(path)
  if (release !== undefined) writeFileSync(path, `${process.pid}\n`)
  return release
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
