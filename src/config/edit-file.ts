// Changes config.toml: takes the lock, applies a change to the text, checks the result, and replaces the file atomically, so that neither
// a crash nor another process loses anything. edit-profiles.ts, edit-routes.ts and edit-rules.ts use it.

import { mkdir, realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Failure } from '../core/failures.ts'
import { atomicWrite } from '../platform/fs/atomic-write.ts'
import { readConfig } from './config.ts'
import { readConfigText } from './config-file.ts'

/** An edit takes milliseconds; many may wait for each other on a busy machine. */
const lockTimeoutMs = 60_000
/** The lock of an editor that died is taken over after this; a live one refreshes its lock. */
const staleMs = 10_000

/** Throws config_invalid if the result would not be valid, storage_failed, and what `change` throws. */
export async function edit(path: string, change: (text: string) => Promise<string>): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  // Dotfiles are often symbolic links into a repository: change the target.
  const file = await realpath(path).catch(() => path)
  const lock = await lockEdits(`${file}.edit`)
  try {
    const before = await stat(file).catch(() => undefined)
    // A rename would replace a read-only file, but its owner does not want it changed.
    if (before !== undefined && (before.mode & 0o222) === 0) throw new Failure('storage_failed', `${path} is read-only`)
    const changed = await change((await readConfigText(path)) ?? '')
    await readConfig(changed, path)
    if (lock.isLost()) throw new Failure('storage_failed', `${path} was not changed: its lock was lost`, { retryAfter: 1 })
    await atomicWrite(file, changed, { mode: before === undefined ? 0o600 : before.mode & 0o777 })
  } catch (error) {
    if (error instanceof Failure) throw error
    throw new Failure('storage_failed', `cannot write ${path}: ${(error as NodeJS.ErrnoException).code}`, { cause: error })
  } finally {
    await lock.release()
  }
}

/** Editors of one machine take turns. Records of the vault, which agents on several hosts share, have the stricter lock of platform/fs/file-lock.ts. */
async function lockEdits(path: string): Promise<{ isLost(): boolean; release(): Promise<void> }> {
  const { default: lockfile } = await import('proper-lockfile')
  const retries = { forever: true, minTimeout: 25, maxTimeout: 100, maxRetryTime: lockTimeoutMs }
  let lost = false
  const onCompromised = (): void => {
    lost = true
  }
  try {
    const release = await lockfile.lock(path, { lockfilePath: path, realpath: false, stale: staleMs, retries, onCompromised })
    return { isLost: () => lost, release: () => release().catch(() => {}) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error
    throw new Failure('storage_failed', 'another process has been changing config.toml for too long', { cause: error })
  }
}
