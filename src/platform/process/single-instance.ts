// One agent for a user (R9): the kernel's lock on a file, which is dropped when its holder dies; on Windows a pipe, which can
// be made once and goes with its maker.

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { hasLocalLock, tryLocalLock } from '../fs/local-lock.ts'

/** The release, or undefined where another agent holds it. Throws where the file cannot be opened. */
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

/** An address at which only one process can listen. Nobody is answered there. */
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
