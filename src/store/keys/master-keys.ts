// Where master keys are kept: creates, fetches and removes one, by provider. Only store.ts and rekey.ts use it.

import { randomBytes } from 'node:crypto'
import { join, resolve } from 'node:path'
import { Failure } from '../../core/failures.ts'
import type { Redacted } from '../../core/redacted.ts'
import { defined } from '../../core/util/defined.ts'
import { type Disk, diskFailure } from '../../platform/fs/disk.ts'
import { Keychain } from './keychain.ts'
import { createKeyFile, readDescriptor, readKeyFile } from './key-file.ts'
import type { KeyLocation } from '../manifest/manifest.ts'
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

/** `named`: it came from where the user said for this run; `other_than_named`: the user named another source. */
export type KeySource = 'named' | 'other_than_named' | 'not_named'

export interface FetchedKey {
  readonly key: Buffer
  readonly source: KeySource
}

/** The vault's own files: their names derive from key ids alone, never from the manifest. */
const insecureFile = 'master.key'
const passphraseFile = (id: string): string => `master-key-${id}.age`

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
        const name = passphraseFile(keyId(key))
        const { encryptKey } = await import('./passphrase.ts')
        const file = await encryptKey(key, choice.passphrase)
        try {
          await this.#disk.create(join(this.#folder, name), file)
          await this.#disk.syncFolder(this.#folder)
        } catch (error) {
          throw diskFailure(error, `${name} cannot be written`)
        }
        return stored(key, 'passphrase')
      }
      case 'key-file': {
        const path = resolve(choice.path)
        return stored((await readKeyFile(path)) ?? (await createKeyFile(path, this.#disk)), 'key-file', path)
      }
      case 'insecure-key-file': {
        const path = join(this.#folder, insecureFile)
        return stored((await readKeyFile(path, 'refuse')) ?? (await createKeyFile(path, this.#disk)), 'insecure-key-file')
      }
      case 'descriptor':
      case 'systemd-credential':
        return stored(await this.#given(choice), choice.provider)
    }
  }

  /** The key at a location, without asking the user. Fails with vault_locked, keychain_*, master_key_*. */
  async fetch(location: KeyLocation, vaultId: string): Promise<FetchedKey> {
    const fetched = await this.#fetch(location, vaultId)
    if (keyId(fetched.key) === location.key_id) return fetched
    fetched.key.fill(0)
    throw new Failure(
      'master_key_wrong',
      `the key from ${describeLocation(location)} is not the one that the vault was sealed with`,
    )
  }

  async #fetch(location: KeyLocation, vaultId: string): Promise<FetchedKey> {
    const named = this.#named
    const source = named === undefined ? 'not_named' : named.provider === location.provider ? 'named' : 'other_than_named'
    switch (location.provider) {
      case 'keychain': {
        const key = await new Keychain(keychainAccount(vaultId, location.key_id)).get()
        if (key !== undefined) return { key, source }
        throw new Failure(
          'keychain_absent',
          "the keychain has no key for this vault (it was removed, or the vault is another machine's)",
        )
      }
      case 'passphrase':
        throw new Failure('vault_locked', 'the vault is locked with a passphrase')
      case 'key-file': {
        // The file named for this run comes first. If it holds the former key, the manifest's path is right.
        const ofRun = named?.provider === 'key-file' ? resolve(named.path) : undefined
        const key = ofRun === undefined ? undefined : await readKeyFile(ofRun)
        if (key !== undefined && keyId(key) === location.key_id) return { key, source }
        const path = location.path ?? ''
        const noted = await readKeyFile(path)
        if (noted !== undefined) return { key: noted, source: named === undefined ? 'not_named' : 'other_than_named' }
        throw new Failure('master_key_unavailable', `the key file ${ofRun ?? path} does not exist`)
      }
      case 'insecure-key-file': {
        const path = join(this.#folder, insecureFile)
        const key = await readKeyFile(path, 'refuse')
        if (key !== undefined) return { key, source }
        throw new Failure('master_key_unavailable', `the key file ${path} does not exist`)
      }
      case 'descriptor':
      case 'systemd-credential': {
        if (named?.provider === location.provider) return { key: await this.#given(named), source }
        throw new Failure(
          'master_key_unavailable',
          `the agent was not given the key of this vault by ${describeLocation(location)}`,
        )
      }
    }
  }

  /** Undefined if the passphrase is wrong. */
  async fetchByPassphrase(location: KeyLocation, passphrase: Redacted<string>): Promise<Buffer | undefined> {
    const name = passphraseFile(location.key_id)
    const file = await this.#readOwn(name)
    if (file === undefined) throw new Failure('master_key_unavailable', `${name} is not in the vault's folder`)
    const { decryptKey } = await import('./passphrase.ts')
    const key = await decryptKey(file, passphrase)
    return key !== undefined && keyId(key) === location.key_id ? key : undefined
  }

  /** Removes a key that nothing is sealed with any more. A key file that the user named stays. */
  async discard(location: KeyLocation, vaultId: string): Promise<void> {
    if (location.provider === 'keychain') await new Keychain(keychainAccount(vaultId, location.key_id)).remove()
    if (location.provider === 'passphrase') await this.#disk.remove(join(this.#folder, passphraseFile(location.key_id)))
    if (location.provider === 'insecure-key-file') await this.#disk.remove(join(this.#folder, insecureFile))
  }

  async #readOwn(name: string): Promise<Buffer | undefined> {
    try {
      return await this.#disk.read(join(this.#folder, name))
    } catch (error) {
      throw diskFailure(error, `${name} cannot be read`)
    }
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
