// vault.json, the manifest: which master keys the vault has and where each is kept. It never holds a key in the clear.

import { join } from 'node:path'
import { Failure } from '../../core/failures.ts'
import { array, DecodeError, object, oneOf, optional, string } from '../../core/util/json-decoder.ts'
import { atomicWrite, temporaryName } from '../../platform/fs/atomic-write.ts'
import { type Disk, diskFailure } from '../../platform/fs/disk.ts'

const providerNames = ['keychain', 'passphrase', 'key-file', 'descriptor', 'systemd-credential', 'insecure-key-file'] as const

export type ProviderName = (typeof providerNames)[number]

export interface KeyLocation {
  readonly key_id: string
  readonly provider: ProviderName
  /** Of key-file: where the user keeps it. Of passphrase and insecure-key-file: the file in the vault. */
  readonly path?: string
  /** While records are being resealed: this older key, sealed with the current one (base64), so that the current one is enough to go on. */
  readonly wrapped?: string
}

export interface Manifest {
  readonly format: 1
  readonly vault_id: string
  /** The key that new files are sealed with. */
  readonly current: string
  /** More than one while records are being resealed. */
  readonly keys: readonly KeyLocation[]
}

const fileName = 'vault.json'

/** Undefined if there is none. Fails with record_damaged, storage_failed. */
export async function readManifest(folder: string, disk: Disk): Promise<Manifest | undefined> {
  const path = join(folder, fileName)
  let content: Buffer | undefined
  try {
    content = await disk.read(path)
  } catch (error) {
    throw diskFailure(error, `${path} cannot be read`)
  }
  if (content === undefined) return undefined
  try {
    return decodeManifest(JSON.parse(content.toString()))
  } catch (error) {
    const why = error instanceof DecodeError ? error.message : 'it is not JSON'
    throw new Failure('record_damaged', `${path} does not describe a vault: ${why}`, {
      hint: `restore ${path} from a backup, or move the vault folder away to start anew`,
      cause: error,
    })
  }
}

function decodeManifest(json: unknown): Manifest {
  const { format, vault_id, current, keys } = object(json, 'manifest')
  if (format !== 1) throw new DecodeError("'format' is not 1")
  const manifest: Manifest = {
    format,
    vault_id: string(vault_id, 'vault_id'),
    current: string(current, 'current'),
    keys: array(keys, 'keys').map(decodeKeyLocation),
  }
  if (!manifest.keys.some(({ key_id }) => key_id === manifest.current)) throw new DecodeError("'current' is not one of 'keys'")
  return manifest
}

function decodeKeyLocation(json: unknown): KeyLocation {
  const { key_id, provider, path, wrapped } = object(json, 'keys')
  return {
    key_id: string(key_id, 'key_id'),
    provider: oneOf(provider, providerNames, 'provider'),
    ...optional('path', path, string),
    ...optional('wrapped', wrapped, string),
  }
}

const encode = (manifest: Manifest): Buffer => Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`)

/** Durable when it resolves. Fails with storage_failed. */
export async function writeManifest(folder: string, disk: Disk, manifest: Manifest): Promise<void> {
  const path = join(folder, fileName)
  try {
    await atomicWrite(path, encode(manifest), { disk })
  } catch (error) {
    throw diskFailure(error, `${path} cannot be written`)
  }
}

/** If several agents create a vault at once, the first one wins and the others read its manifest. Whether it was this one. */
export async function createManifest(folder: string, disk: Disk, manifest: Manifest): Promise<boolean> {
  const path = join(folder, fileName)
  const temporary = temporaryName(path)
  try {
    await disk.create(temporary, encode(manifest))
    try {
      await disk.link(temporary, path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
      throw error
    } finally {
      await disk.remove(temporary)
    }
    await disk.syncFolder(folder)
    return true
  } catch (error) {
    throw diskFailure(error, `${path} cannot be written`)
  }
}
