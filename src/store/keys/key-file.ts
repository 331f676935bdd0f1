// Reads a master key from a file that the user names (or, if asked for by name, beside the vault) or from a descriptor.

import { randomBytes } from 'node:crypto'
import { closeSync, constants, readSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Failure } from '../../core/failures.ts'
import type { Disk } from '../../platform/fs/disk.ts'
import { masterKeyLength } from '../files/seal.ts'

/** Larger than any accepted form of 32 bytes. */
const maxBytes = 1024

const unavailable = (message: string, cause?: unknown): Failure =>
  new Failure('master_key_unavailable', message, cause === undefined ? {} : { cause })

/** `link`: of the vault's own file a link is refused. Undefined if there is no such file. Fails with master_key_unavailable. */
export async function readKeyFile(path: string, link: 'follow' | 'refuse' = 'follow'): Promise<Buffer | undefined> {
  let file: FileHandle | undefined
  try {
    // One descriptor for the checks and the read. O_NONBLOCK: a pipe must not block.
    const flags = (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0) | (link === 'refuse' ? (constants.O_NOFOLLOW ?? 0) : 0)
    file = await open(path, constants.O_RDONLY | flags)
    const stats = await file.stat()
    const { mode, uid } = stats
    if (!stats.isFile()) throw unavailable(`${path} is not a regular file`)
    if (process.platform !== 'win32') {
      if (uid !== process.getuid?.() && uid !== 0) throw unavailable(`the key file ${path} belongs to another user (uid ${uid})`)
      if ((mode & 0o077) !== 0 && !isCredential(path))
        throw unavailable(`the key file ${path} can be read by others: chmod 600 it`)
    }
    const buffer = Buffer.alloc(maxBytes + 1)
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0)
    return parseKey(buffer.subarray(0, bytesRead), path)
  } catch (error) {
    if (error instanceof Failure) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw unavailable(`the key file ${path} cannot be read: ${code}`, error)
  } finally {
    await file?.close()
  }
}

/** systemd protects the folder of credentials, not the mode of each file. */
const isCredential = (path: string): boolean =>
  path.startsWith('/run/credentials/') || /^\/run\/user\/\d+\/credentials\//.test(path)

export async function createKeyFile(path: string, disk: Disk): Promise<Buffer> {
  const key = randomBytes(masterKeyLength)
  try {
    await disk.create(path, Buffer.from(`${key.toString('hex')}\n`))
    await disk.syncFolder(dirname(path))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw unavailable(`the key file ${path} cannot be created: ${code}`, error)
  }
  return key
}

/** Reads a descriptor to its end, once, and closes it. */
export function readDescriptor(fd: number): Buffer {
  const buffer = Buffer.alloc(maxBytes + 1)
  let length = 0
  try {
    for (let read = 1; read > 0 && length < buffer.length; length += read)
      read = readSync(fd, buffer, length, buffer.length - length, null)
    closeSync(fd)
  } catch (error) {
    throw unavailable(`descriptor ${fd} cannot be read: ${(error as NodeJS.ErrnoException).code}`, error)
  }
  return parseKey(buffer.subarray(0, length), `descriptor ${fd}`)
}

/** 32 raw bytes, or hex or base64 with an optional line end. */
function parseKey(content: Buffer, source: string): Buffer {
  // 32 printable characters are a mistake, not a key.
  if (content.length === masterKeyLength && !/^[\x20-\x7e]*\r?\n?$/.test(content.toString('latin1'))) return Buffer.from(content)
  const text = content.length > maxBytes ? '' : content.toString('latin1').trim()
  if (/^[0-9a-fA-F]{64}$/.test(text)) return Buffer.from(text, 'hex')
  if (/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return Buffer.from(text, 'base64')
  throw unavailable(`${source} does not hold a key: 32 bytes, or 64 hex digits, or 44 characters of base64`)
}
