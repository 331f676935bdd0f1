// The lock over one record across agents and hosts (R9): callers of this process take turns, then the first of them takes the
// file lock of platform/fs.

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { SessionLock, TryLocalLock } from '../../core/ports.ts'
import { defined } from '../../core/util/defined.ts'
import { diskFailure } from '../../platform/fs/disk.ts'
import { acquireFileLock, waitFor } from '../../platform/fs/file-lock.ts'

interface LockOptions {
  /** The folder of the locks. */
  readonly directory: string
  readonly tryLocalLock?: TryLocalLock
  readonly onWarning: (text: string) => void
}

export function sessionLocks({ directory, tryLocalLock, onWarning }: LockOptions): SessionLock {
  const queues = new Map<string, Promise<unknown>>()

  return {
    async acquire(id, timeout, signal) {
      const deadline = performance.now() + timeout
      const before = queues.get(id) ?? Promise.resolve()
      const { promise: turn, resolve: endTurn } = Promise.withResolvers<void>()
      const end = before.then(() => turn)
      queues.set(id, end)
      void end.then(() => {
        if (queues.get(id) === end) queues.delete(id)
      })
      try {
        await waitForTurn(before, deadline, signal)
        await makeFolder(directory)
        const held = await acquireFileLock({
          path: join(directory, `${id}.lease`),
          localPath: join(directory, `${id}.local`),
          timeoutMs: Math.max(0, deadline - performance.now()),
          signal,
          onLost: onWarning,
          ...defined({ tryLocalLock }),
        })
        const release = async (): Promise<void> => {
          await held.release()
          endTurn()
        }
        return { isHeld: () => held.isHeld(), release }
      } catch (error) {
        endTurn()
        throw error
      }
    },
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw diskFailure(error, `${path} cannot be created`)
  }
}

/** The turn of earlier callers in this process; waits no longer than this caller may. */
async function waitForTurn(before: Promise<unknown>, deadline: number, signal: AbortSignal): Promise<void> {
  let isOver = false
  const over = before.then(() => {
    isOver = true
  })
  await Promise.race([over, waitFor(deadline, signal, async () => (isOver ? true : undefined))])
}
