// shares.json: the shares, kept across restarts of the agent. Decoded field by field; a share that cannot be decoded affects no other.

import { mkdirSync, renameSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Share } from '../../core/access/share.ts'
import { isProfileName } from '../../core/profile.ts'
import { array, DecodeError, number, object, string, strings } from '../../core/util/json-decoder.ts'
import { defined } from '../../core/util/defined.ts'
import { atomicWriteSync } from '../../platform/fs/atomic-write.ts'
import { diskFailure } from '../../platform/fs/disk.ts'
import { readOwnFileSync } from '../../platform/fs/own-file.ts'

export class ShareFile {
  readonly #path: string
  readonly #onWarning: (text: string) => void
  /** What is there could not be read in full: it is set aside before it is replaced. */
  #isDamaged = false

  constructor(path: string, onWarning: (text: string) => void) {
    this.#path = path
    this.#onWarning = onWarning
  }

  /** Those that can be read; the user is warned of the others. */
  read(): readonly Share[] {
    try {
      const content = readOwnFileSync(this.#path)
      if (content === undefined) return []
      const { shares } = object(JSON.parse(content.toString()), 'file')
      return array(shares, 'shares').flatMap((share, index) => this.#decodeOrWarn(share, index))
    } catch (error) {
      this.#isDamaged = true
      this.#onWarning(`${this.#path} cannot be read, and there are no shares until it is repaired: ${(error as Error).message}`)
      return []
    }
  }

  #decodeOrWarn(value: unknown, index: number): readonly Share[] {
    try {
      return [decodeShare(value)]
    } catch (error) {
      this.#isDamaged = true
      this.#onWarning(`${this.#path}: share ${index + 1} cannot be read, and is not opened: ${(error as Error).message}`)
      return []
    }
  }

  /** Durable when it returns. Throws storage_failed. */
  save(shares: readonly Share[]): void {
    const path = this.#path
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      if (this.#isDamaged) renameSync(path, `${path}.damaged`)
      this.#isDamaged = false
      atomicWriteSync(path, `${JSON.stringify({ version: 1, shares }, undefined, 2)}\n`)
    } catch (error) {
      throw diskFailure(error, `${path} cannot be written`)
    }
  }
}

/** Throws DecodeError. */
function decodeShare(value: unknown): Share {
  const fields = object(value, 'share')
  const optional = <T>(key: string, decode: (value: unknown, at: string) => T): T | undefined =>
    fields[key] === undefined ? undefined : decode(fields[key], key)
  return {
    name: nameOf(fields['name']),
    profiles: strings(fields['profiles'], 'profiles'),
    secrets: optional('secrets', strings) ?? [],
    createdAt: number(fields['createdAt'], 'createdAt'),
    expiresAt: number(fields['expiresAt'], 'expiresAt'),
    ...defined({
      scope: optional('scope', strings),
      resource: optional('resource', string),
      audience: optional('audience', string),
      anyTarget: optional('anyTarget', onlyTrue),
      allowWiderScope: optional('allowWiderScope', onlyTrue),
      tcp: optional('tcp', decodeTcp),
    }),
  }
}

/** It becomes the name of a folder. */
function nameOf(value: unknown): string {
  const name = string(value, 'name')
  if (!isProfileName(name) || name.endsWith('.')) throw new DecodeError("'name' is not the name of a share")
  return name
}

function onlyTrue(value: unknown, at: string): true {
  if (value !== true) throw new DecodeError(`'${at}' is not true`)
  return true
}

function decodeTcp(value: unknown, at: string): NonNullable<Share['tcp']> {
  const fields = object(value, at)
  const port = number(fields['port'], 'port')
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new DecodeError("'port' is not a port")
  const secretHash = string(fields['secretHash'], 'secretHash')
  if (!/^[0-9a-f]{64}$/.test(secretHash)) throw new DecodeError("'secretHash' is not a SHA-256")
  return { port, secretHash }
}
