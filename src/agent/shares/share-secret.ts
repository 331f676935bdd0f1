// The secret of a share that listens on TCP: a file in the share's folder, which whoever may use the share has mounted. The agent
// itself keeps its hash alone.

import { lstatSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Failure } from '../../core/failures.ts'
import { atomicWriteSync } from '../../platform/fs/atomic-write.ts'
import { hashOf, newSecret } from '../../platform/loopback-secret.ts'

export const secretFile = (folder: string): string => join(folder, 'secret')

/** The hash of the one that is there, if it is the one of this hash, else of a new one. Throws storage_failed. */
export function keepSecret(folder: string, hash: string | undefined): string {
  const path = secretFile(folder)
  if (hash !== undefined && hashOf(read(path)) === hash) return hash
  const secret = newSecret()
  try {
    // Readable for any uid, as the socket is; the folder above the share's keeps other users out.
    atomicWriteSync(path, `${secret}\n`, 0o644)
  } catch (error) {
    throw new Failure('storage_failed', `${path} cannot be written: ${(error as NodeJS.ErrnoException).code}`, { cause: error })
  }
  return hashOf(secret)
}

export function dropSecret(folder: string): void {
  const path = secretFile(folder)
  if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === false) rmSync(path, { force: true })
}

function read(path: string): string {
  try {
    // What a container has put there is not waited for.
    return lstatSync(path).isFile() ? readFileSync(path, 'utf8').trim() : ''
  } catch {
    return ''
  }
}
