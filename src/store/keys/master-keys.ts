// Where master keys are kept: creates, fetches and removes one, by provider. Only store.ts and rekey.ts use it.

import { randomBytes } from 'node:crypto'
import { join, resolve } from 'node:path'
import { Failure } from '../../core/failures.ts'
import type { Redacted } from '../../core/redacted.ts'
import { defined } from '../../core/util/defined.ts'
import { type Disk, diskFailure } from '../../platform/fs/disk.ts'
import { Keychain } from './keychain.ts'
import { createKeyFile, readDescriptor, readKeyFile } from './key-file.ts'
import type { KeyLocation, Manifest } from '../files/manifest.ts'
import { keyId, masterKeyLength } from '../files/seal.ts'

export type MasterKeyChoice =
  | { readonly provider: 'keychain' }
  | { readonly provider: 'passphrase'; readonly passphrase: Redacted<string> }
  | { readonly provider: 'key-file'; readonly path: string }
  | { readonly provider: 'descriptor'; readonly fd: number }
  | { readonly provider: 'systemd-credential'; readonly path: string }
  | { readonly provider: 'insecure-key-file' }

export interface StoredKey {
  readonly key: Buffer
  readonly location: KeyLocation
}

const insecureFile = 'master.key'

export class MasterKeys {
  readonly #folder: string
  readonly #disk: Disk
  readonly #named: MasterKeyChoice | undefined
  /** A descriptor can be read once. */
  #fromDescriptor: Buffer | undefined

  /** `named`: the provider that the user named for this run of the agent. */
  constructor(folder: string, disk: Disk, named: MasterKeyChoice | undefined) {
    this.#folder = folder
    this.#disk = disk
    this.#named = named
    if (named?.provider === 'descriptor') this.#fromDescriptor = readDescriptor(named.fd)
  }

  /** Creates a key and stores it; it has been read back before anything is sealed with it. */
  async make(choice: MasterKeyChoice, vaultId: string): Promise<StoredKey> {
    switch (choice.provider) {
      case 'keychain': {
        const key = randomBytes(masterKeyLength)
        const keychain = new Keychain(keychainAccount(vaultId, keyId(key)))
        await keychain.prove()
        await keychain.set(key)
        return stored(key, 'keychain')
      }
      case 'passphrase': {
        if (choice.passphrase.reveal() === '') throw new Failure('bad_request', 'the passphrase is empty')
        const key = randomBytes(masterKeyLength)
        const name = `master-key-${keyId(key)}.age`
        const { encryptKey } = await import('./passphrase.ts')
        const file = await encryptKey(key, choice.passphrase)
        try {
          await this.#disk.create(join(this.#folder, name), file)
          await this.#disk.syncFolder(this.#folder)
        } catch (error) {
          throw diskFailure(error, `${name} cannot be written`)
        }
        return stored(key, 'passphrase', name)
      }
      case 'key-file': {
        const path = resolve(choice.path)
        return stored((await readKeyFile(path)) ?? (await createKeyFile(path, this.#disk)), 'key-file', path)
      }
      case 'insecure-key-file': {
        const path = join(this.#folder, insecureFile)
        return stored((await readKeyFile(path)) ?? (await createKeyFile(path, this.#disk)), 'insecure-key-file', insecureFile)
      }
      case 'descriptor':
      case 'systemd-credential':
        return stored(await this.#given(choice), choice.provider)
    }
  }

  /** The key at a location, without asking the user. Fails with vault_locked, keychain_*, master_key_*. */
  async fetch(location: KeyLocation, manifest: Manifest): Promise<Buffer> {
    const key = await this.#fetch(location, manifest)
    if (keyId(key) === location.key_id) return key
    key.fill(0)
    throw new Failure(
      'master_key_wrong',
      `the key from ${describeLocation(location)} is not the one that the vault was sealed with`,
    )
  }

  async #fetch(location: KeyLocation, { vault_id: vaultId }: Manifest): Promise<Buffer> {
    switch (location.provider) {
      case 'keychain': {
        const key = await new Keychain(keychainAccount(vaultId, location.key_id)).get()
        if (key !== undefined) return key
        throw new Failure(
          'keychain_absent',
          "the keychain has no key for this vault (it was removed, or the vault is another machine's)",
        )
      }
      case 'passphrase':
        throw new Failure('vault_locked', 'the vault is locked with a passphrase')
      case 'key-file': {
        // The file named for this run comes first. If it holds the former key, the manifest's path is right.
        const named = this.#named?.provider === 'key-file' ? [resolve(this.#named.path)] : []
        const paths = [...named, location.path ?? '']
        for (const path of paths) {
          const key = await readKeyFile(path)
          if (key !== undefined && (keyId(key) === location.key_id || path === paths.at(-1))) return key
        }
        throw new Failure('master_key_unavailable', `the key file ${paths[0]} is not there`)
      }
      case 'insecure-key-file': {
        const path = join(this.#folder, insecureFile)
        const key = await readKeyFile(path)
        if (key !== undefined) return key
        throw new Failure('master_key_unavailable', `the key file ${path} is not there`)
      }
      case 'descriptor':
      case 'systemd-credential': {
        if (this.#named?.provider === location.provider) return this.#given(this.#named)
        throw new Failure(
          'master_key_unavailable',
          `the agent was not given the key of this vault by ${describeLocation(location)}`,
        )
      }
    }
  }

  /** Undefined if the passphrase is wrong. */
  async fetchByPassphrase(location: KeyLocation, passphrase: Redacted<string>): Promise<Buffer | undefined> {
    const file = await this.#disk.read(join(this.#folder, location.path ?? ''))
    if (file === undefined) throw new Failure('master_key_unavailable', `${location.path} is not in the vault's folder`)
    const { decryptKey } = await import('./passphrase.ts')
    const key = await decryptKey(file, passphrase)
    return key !== undefined && keyId(key) === location.key_id ? key : undefined
  }

  /** Removes a key that nothing is sealed with any more. A key file that the user named stays. */
  async discard(location: KeyLocation, { vault_id: vaultId }: Manifest): Promise<void> {
    if (location.provider === 'keychain') await new Keychain(keychainAccount(vaultId, location.key_id)).remove()
    if (location.provider === 'passphrase') await this.#disk.remove(join(this.#folder, location.path ?? ''))
    if (location.provider === 'insecure-key-file') await this.#disk.remove(join(this.#folder, insecureFile))
  }

  async #given(choice: Extract<MasterKeyChoice, { provider: 'descriptor' | 'systemd-credential' }>): Promise<Buffer> {
    if (choice.provider === 'systemd-credential') {
      const key = await readKeyFile(choice.path)
      if (key !== undefined) return key
      throw new Failure('master_key_unavailable', `the credential ${choice.path} is not there`)
    }
    if (this.#fromDescriptor === undefined)
      throw new Failure('master_key_unavailable', 'the agent was given no descriptor with a key')
    return Buffer.from(this.#fromDescriptor)
  }
}

/** An account for each key: while records are resealed, the old key and the new one are both stored. */
const keychainAccount = (vaultId: string, id: string): string => `${vaultId}:${id}`

const stored = (key: Buffer, provider: KeyLocation['provider'], path?: string): StoredKey => ({
  key,
  location: defined({ key_id: keyId(key), provider, path }),
})

function describeLocation({ provider, path }: KeyLocation): string {
  switch (provider) {
    case 'keychain':
      return 'the keychain'
    case 'passphrase':
      return 'the passphrase'
    case 'key-file':
      return `the key file ${path}`
    case 'insecure-key-file':
      return 'the key file beside the vault'
    case 'descriptor':
      return 'a descriptor'
    case 'systemd-credential':
      return 'a systemd credential'
  }
}
