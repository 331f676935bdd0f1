// vault.json: which master keys the vault knows and where each is kept. It never holds a key.

import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { Failure } from '../../core/failures.ts'
import { type Disk, diskFailure } from './disk.ts'

export type ProviderName = 'keychain' | 'passphrase' | 'key-file' | 'descriptor' | 'systemd-credential' | 'insecure-key-file'

const providers: ReadonlySet<string> = new Set([
  'keychain',
  'passphrase',
  'key-file',
  'descriptor',
  'systemd-credential',
  'insecure-key-file',
])

export interface KeyLocation {
  readonly key_id: string
  readonly provider: ProviderName
  /** Of key-file and systemd-credential: where the user keeps it. Of passphrase and insecure-key-file: the file in the vault. */
  readonly path?: string
  /** While records are being sealed anew: this older key, sealed with the current one (base64), so that the current one is enough to go on. */
  readonly wrapped?: string
}

export interface Manifest {
  readonly format: 1
  readonly vault_id: string
  /** The key that new files are sealed with. */
  readonly current: string
  /** More than one while records are being sealed anew. */
  readonly keys: readonly KeyLocation[]
}

const fileName = 'vault.json'

export async function readManifest(folder: string, disk: Disk): Promise<Manifest | undefined> {
  const path = join(folder, fileName)
  let content: Buffer | undefined
  try {
    content = await disk.read(path)
  } catch (error) {
    throw diskFailure(error, `${path} cannot be read`)
  }
  if (content === undefined) return undefined
  const manifest = parse(content)
  if (manifest === undefined) {
    throw new Failure('record_damaged', `${path} cannot be read: it is not a vault's description`, {
      hint: `restore ${path} from a backup, or move the vault folder away to start anew`,
    })
  }
  return manifest
}

function parse(content: Buffer): Manifest | undefined {
  try {
    const manifest = JSON.parse(content.toString()) as Partial<Manifest>
    const isRight =
      manifest.format === 1 &&
      typeof manifest.vault_id === 'string' &&
      typeof manifest.current === 'string' &&
      Array.isArray(manifest.keys) &&
      manifest.keys.every(
        (key: KeyLocation) =>
          typeof key.key_id === 'string' &&
          providers.has(key.provider) &&
          (key.path === undefined || typeof key.path === 'string'),
      ) &&
      manifest.keys.some(({ key_id }) => key_id === manifest.current)
    return isRight ? (manifest as Manifest) : undefined
  } catch {
    return undefined
  }
}

/** Durable when it resolves. Fails with storage_failed. */
export async function writeManifest(folder: string, disk: Disk, manifest: Manifest): Promise<void> {
  const path = join(folder, fileName)
  const temporary = join(folder, `${fileName}.${randomBytes(8).toString('hex')}.tmp`)
  try {
    await disk.create(temporary, Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`))
    await disk.rename(temporary, path)
    await disk.syncFolder(folder)
  } catch (error) {
    throw diskFailure(error, `${path} cannot be written`)
  }
}

/** The first of several agents that create a vault at once wins; the others see its manifest. Gives whether it was this one. */
export async function createManifest(folder: string, disk: Disk, manifest: Manifest): Promise<boolean> {
  const path = join(folder, fileName)
  const temporary = join(folder, `${fileName}.${randomBytes(8).toString('hex')}.tmp`)
  try {
    await disk.create(temporary, Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`))
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
