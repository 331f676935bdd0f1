// R20: one process at a time starts the agent of a socket, and the others wait for it. The lock is on the file SOCKET.start, as in
// thin-client/posix-start-lock.c; a starter that fails leaves its reason there for those that waited.

import { ftruncateSync, readSync, writeSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { asFailure, Failure } from '../core/failures.ts'
import { defined } from '../core/util/defined.ts'
import { type FileLock, hasLocalLock, lockFile } from '../platform/fs/local-lock.ts'
import type { Paths } from '../platform/fs/paths.ts'
import { prepareSocketFolder } from '../platform/fs/socket-folder.ts'

/** Longer than an agent may take to start. */
const waitTimeoutMs = 30_000
const lookIntervalMs = 25
const maxReasonBytes = 4_096

/** Runs `start` if no other process does and no agent is running. Throws what `start` throws, here or in the process that was waited for. */
export async function asOnlyStarter(
  { runtimeDirectory, socket }: Paths,
  env: NodeJS.ProcessEnv,
  isRunning: () => Promise<boolean>,
  start: () => Promise<void>,
): Promise<void> {
  // The thin client that runs `authsock start` holds the lock.
  if (env['AUTHSOCK_START_LOCK'] === 'held' || !hasLocalLock()) return start()
  const deadline = performance.now() + waitTimeoutMs
  for (let hasWaited = false; ; hasWaited = true) {
    const lock = tryLock(runtimeDirectory, `${socket}.start`)
    // Without the file each client starts an agent, and the agents leave one of them running.
    if (lock === 'none') return start()
    if (lock !== undefined) return startUnder(lock, hasWaited, isRunning, start)
    if (await isRunning()) return
    if (performance.now() >= deadline) {
      throw new Failure('agent_unreachable', 'another process has been starting the agent for too long')
    }
    await pause(lookIntervalMs)
  }
}

function tryLock(folder: string, path: string): FileLock | 'none' | undefined {
  try {
    prepareSocketFolder(folder)
    return lockFile(path)
  } catch {
    return 'none'
  }
}

async function startUnder(
  lock: FileLock,
  hasWaited: boolean,
  isRunning: () => Promise<boolean>,
  start: () => Promise<void>,
): Promise<void> {
  try {
    // Also without a wait: another starter may have come and gone since this process found no agent.
    if (await isRunning()) return
    const reason = hasWaited ? readReason(lock) : undefined
    if (reason !== undefined) throw reason
    ftruncateSync(lock.fd)
    await start()
  } catch (error) {
    writeReason(lock, asFailure(error))
    throw error
  } finally {
    lock.release()
  }
}

/** The exit code, then `authsock: MESSAGE`, then perhaps `hint: HINT`; undefined if there is none. */
function readReason({ fd }: FileLock): Failure | undefined {
  const bytes = Buffer.alloc(maxReasonBytes)
  const [code = '', ...lines] = bytes
    .toString('utf8', 0, readSync(fd, bytes, 0, bytes.length, 0))
    .trim()
    .split('\n')
  if (!/^\d{1,3}$/.test(code) || lines.length === 0) return undefined
  const [message = '', hint] = lines
    .join('\n')
    .replace(/^authsock: /, '')
    .split('\nhint: ')
  return new Failure('agent_unreachable', message, defined({ hint }))
}

function writeReason({ fd }: FileLock, { exitCode, message, hint }: Failure): void {
  try {
    ftruncateSync(fd)
    writeSync(fd, `${exitCode}\nauthsock: ${message}\nhint: ${hint}\n`, 0)
  } catch {
    // Those that wait then try to start the agent themselves.
  }
}
