// Changes config.toml: takes the lock, applies a change to the text, checks the result, and replaces the file atomically, so that neither
// a crash nor another process loses anything. edit-profiles.ts, edit-routes.ts and edit-rules.ts use it.

import { mkdir, realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Failure } from '../core/failures.ts'
import { atomicWrite } from '../platform/fs/atomic-write.ts'
import { acquireFileLock } from '../platform/fs/file-lock.ts'
import { readConfig } from './config.ts'
import { readConfigText } from './config-file.ts'

/** An edit takes milliseconds; many may wait for each other on a busy machine. */
const lockTimeoutMs = 60_000

/** Throws config_invalid if the result would not be valid, storage_failed, and what `change` throws. */
export async function edit(path: string, change: (text: string) => Promise<string>): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  // Dotfiles are often symbolic links into a repository: change the target.
  const file = await realpath(path).catch(() => path)
  const lock = await acquireFileLock({ path: `${file}.edit`, timeoutMs: lockTimeoutMs })
  try {
    const before = await stat(file).catch(() => undefined)
    // A rename would replace a read-only file, but its owner does not want it changed.
    if (before !== undefined && (before.mode & 0o222) === 0) throw new Failure('storage_failed', `${path} is read-only`)
    const changed = await change((await readConfigText(path)) ?? '')
    await readConfig(changed, path)
    await atomicWrite(file, changed, { mode: before === undefined ? 0o600 : before.mode & 0o777 })
  } catch (error) {
    if (error instanceof Failure) throw error
    throw new Failure('storage_failed', `cannot write ${path}: ${(error as NodeJS.ErrnoException).code}`, { cause: error })
  } finally {
    await lock.release()
  }
}
