// Where master keys are kept: making one, fetching one and letting one go, a row a provider. vault.ts is its only user.

import { randomBytes } from 'node:crypto'
import { join, resolve } from 'node:path'
import { Failure } from '../../core/failures.ts'
import type { Redacted } from '../../core/redacted.ts'
import { type Disk, diskFailure } from '../files/disk.ts'
import { Keychain } from './keychain.ts'
import { createKeyFile, readDescriptor, readKeyFile } from './key-file.ts'
import type { KeyLocation, Manifest } from '../files/manifest.ts'
import { keyId, masterKeyLength, seal, unseal } from '../files/seal.ts'

export type MasterKeyChoice =
  | { readonly provider: 'keychain' }
  | { readonly provider: 'passphrase'; readonly passphrase: Redacted<string> }
  | { readonly provider: 'key-file'; readonly path: string }
  | { readonly provider: 'descriptor'; readonly fd: number }
  | { readonly provider: 'systemd-credential'; readonly path: string }
  | { readonly provider: 'insecure-key-file' }

export interface PlacedKey {
  readonly key: Buffer
  readonly place: KeyLocation
}

const insecureFile = 'master.key'

export class MasterKeys {
  readonly #folder: string
  readonly #disk: Disk
  readonly #named: MasterKeyChoice | undefined
  /** A descriptor can be read once. */
  #fromDescriptor: Buffer | undefined

  /** `named`: what the user named for this run of the agent. */
  constructor(folder: string, disk: Disk, named: MasterKeyChoice | undefined) {
    this.#folder = folder
    this.#disk = disk
    this.#named = named
    if (named?.provider === 'descriptor') this.#fromDescriptor = readDescriptor(named.fd)
  }

  /** A new key in its place, read back before anything is sealed with it. */
  async make(choice: MasterKeyChoice, vaultId: string): Promise<PlacedKey> {
    switch (choice.provider) {
      case 'keychain': {
        const key = randomBytes(masterKeyLength)
        const keychain = new Keychain(keychainAccount(vaultId, keyId(key)))
        await keychain.prove()
        await keychain.set(key)
        return placed(key, 'keychain')
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
        return placed(key, 'passphrase', name)
      }
      case 'key-file': {
        const path = resolve(choice.path)
        return placed((await readKeyFile(path)) ?? (await createKeyFile(path, this.#disk)), 'key-file', path)
      }
      case 'insecure-key-file': {
        const path = join(this.#folder, insecureFile)
        return placed((await readKeyFile(path)) ?? (await createKeyFile(path, this.#disk)), 'insecure-key-file', insecureFile)
      }
      case 'descriptor':
      case 'systemd-credential':
        return placed(await this.#given(choice), choice.provider)
    }
  }

  /** The key of a place, without the user. Fails with vault_locked, keychain_*, master_key_*. */
  async fetch(place: KeyLocation, manifest: Manifest): Promise<Buffer> {
    const key = await this.#fetch(place, manifest)
    if (keyId(key) === place.key_id) return key
    key.fill(0)
    throw new Failure('master_key_wrong', `the key of ${describePlace(place)} is not the one that the vault was sealed with`)
  }

  async #fetch(place: KeyLocation, { vault_id: vaultId }: Manifest): Promise<Buffer> {
    switch (place.provider) {
      case 'keychain': {
        const key = await new Keychain(keychainAccount(vaultId, place.key_id)).get()
        if (key !== undefined) return key
        throw new Failure(
          'keychain_absent',
          "the keychain has no key for this vault (it was removed, or the vault is another machine's)",
        )
      }
      case 'passphrase':
        throw new Failure('vault_locked', 'the vault is locked with a passphrase')
      case 'key-file': {
        // What was named for this run comes first; it may be the former key's, and the manifest then knows better.
        const named = this.#named?.provider === 'key-file' ? [resolve(this.#named.path)] : []
        const paths = [...named, place.path ?? '']
        for (const path of paths) {
          const key = await readKeyFile(path)
          if (key !== undefined && (keyId(key) === place.key_id || path === paths.at(-1))) return key
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
        if (this.#named?.provider === place.provider) return this.#given(this.#named)
        throw new Failure('master_key_unavailable', `the agent was not given the key of this vault by ${describePlace(place)}`)
      }
    }
  }

  /** The key of a passphrase's place; undefined where the passphrase is wrong. */
  async fetchByPassphrase(place: KeyLocation, passphrase: Redacted<string>): Promise<Buffer | undefined> {
    const file = await this.#disk.read(join(this.#folder, place.path ?? ''))
    if (file === undefined) throw new Failure('master_key_unavailable', `${place.path} is not in the vault's folder`)
    const { decryptKey } = await import('./passphrase.ts')
    const key = await decryptKey(file, passphrase)
    return key !== undefined && keyId(key) === place.key_id ? key : undefined
  }

  /** Lets go of a key that nothing is sealed with any more. What the user named is the user's to remove. */
  async discard(place: KeyLocation, { vault_id: vaultId }: Manifest): Promise<void> {
    if (place.provider === 'keychain') await new Keychain(keychainAccount(vaultId, place.key_id)).remove()
    if (place.provider === 'passphrase') await this.#disk.remove(join(this.#folder, place.path ?? ''))
    if (place.provider === 'insecure-key-file') await this.#disk.remove(join(this.#folder, insecureFile))
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

/** An account of its own for each key: while records are sealed anew, the old one and the new one are both there. */
const keychainAccount = (vaultId: string, id: string): string => `${vaultId}:${id}`

/** An older key beside the current one, which alone opens it: what a crash interrupted needs no second provider to go on. */
export const wrapKey = (current: Uint8Array, place: KeyLocation, key: Uint8Array): KeyLocation => ({
  ...place,
  wrapped: seal(current, wrapId(place), 0, key).toString('base64'),
})

export function unwrapKey(current: Uint8Array, place: KeyLocation): Buffer | undefined {
  const key = place.wrapped === undefined ? undefined : unseal(current, wrapId(place), Buffer.from(place.wrapped, 'base64'))
  return key !== undefined && keyId(key) === place.key_id ? key : undefined
}

/** No record can have this id. */
const wrapId = ({ key_id: id }: KeyLocation): string => `MASTER KEY ${id}`

const placed = (key: Buffer, provider: KeyLocation['provider'], path?: string): PlacedKey => ({
  key,
  place: { key_id: keyId(key), provider, ...(path === undefined ? {} : { path }) },
})

function describePlace({ provider, path }: KeyLocation): string {
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
