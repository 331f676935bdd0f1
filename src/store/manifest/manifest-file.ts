// Reads and writes vault.json: gives only what follows from the last accepted manifest, upgrades format 1 once, and keeps the note
// outside the vault up to date. Only store.ts and rekey.ts use it.

import { existsSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { isAbsolute, join, relative } from 'node:path'
import { asFailure, Failure } from '../../core/failures.ts'
import { DecodeError } from '../../core/util/json-decoder.ts'
import { atomicWrite, temporaryName } from '../../platform/fs/atomic-write.ts'
import { type Disk, diskFailure } from '../../platform/fs/disk.ts'
import type { FetchedKey } from '../keys/master-keys.ts'
import { unwrapKey } from '../keys/wrapped-key.ts'
import {
  currentLocation,
  decodeStoredManifest,
  encodeManifest,
  type LegacyManifest,
  type Manifest,
  type StoredManifest,
} from './manifest.ts'
import type { ManifestNote } from './note.ts'
import { publicKeyOf, signManifest } from './signature.ts'
import { checkFirstUse, mismatchOf, newestAnchor, refusalOf } from './trust.ts'

export interface ManifestFileOptions {
  /** The vault's folder. */
  readonly directory: string
  readonly disk: Disk
  /** Without it, a manifest is checked against what this process has accepted before. */
  readonly note?: ManifestNote
  readonly warn: (text: string) => void
  /** Holds the lock over the manifest, unless the caller's caller holds it already. */
  readonly exclusively: <T>(work: () => Promise<T>) => Promise<T>
}

/** What the manifest in the folder is to an open vault. */
export type Comparison =
  | { readonly kind: 'same_key'; readonly manifest: Manifest }
  | { readonly kind: 'other_key' }
  | { readonly kind: 'refused'; readonly failure: Failure }
  | { readonly kind: 'gone' }

export class ManifestFile {
  readonly #path: string
  readonly #options: ManifestFileOptions
  /** The last manifest that this process has accepted, and its text. */
  #accepted: Manifest | undefined
  #acceptedText: string | undefined
  /** Format 1 as it was read, if its upgrade could not be written. */
  #notUpgraded: string | undefined

  constructor(options: ManifestFileOptions) {
    this.#options = options
    this.#path = join(options.directory, 'vault.json')
  }

  /** Before its key is at hand. Undefined if there is none. Fails with vault_changed, record_damaged, storage_failed. */
  async read(): Promise<StoredManifest | undefined> {
    const stored = await this.#stored()
    const refusal = stored === undefined ? undefined : await this.#refusalOf(stored)
    if (refusal !== undefined) throw this.#changed(refusal)
    return stored
  }

  async exists(): Promise<boolean> {
    return (await this.#stored()) !== undefined
  }

  /** With its key: verified, upgraded, noted. Fails with vault_changed. */
  async accept(stored: StoredManifest, { key, source }: FetchedKey): Promise<Manifest> {
    const mismatch = mismatchOf(stored, key)
    if (mismatch !== undefined) throw this.#changed(mismatch)
    if ((await this.#anchor()) === undefined) {
      const first = checkFirstUse(stored.manifest, source, await this.#isKeyFileInVault(stored.manifest))
      if (first.kind === 'refused') throw this.#changed(first.why, first.hint)
      if (first.warning !== undefined) this.#options.warn(first.warning)
    }
    if (stored.kind === 'legacy') return this.#upgrade(stored.manifest, stored.text, key)
    await this.#remember(stored.manifest, stored.text)
    return stored.manifest
  }

  async compare(opened: Manifest): Promise<Comparison> {
    let stored: StoredManifest | undefined
    try {
      stored = await this.#stored()
    } catch (error) {
      const failure = asFailure(error)
      if (failure.code !== 'record_damaged' && failure.code !== 'vault_changed') throw failure
      return { kind: 'refused', failure }
    }
    if (stored === undefined) return { kind: 'gone' }
    if (stored.text === this.#acceptedText && this.#accepted === opened) return { kind: 'same_key', manifest: opened }
    const refusal = await this.#refusalOf(stored)
    if (refusal !== undefined) return { kind: 'refused', failure: this.#changed(refusal) }
    if (stored.kind === 'legacy') return { kind: 'same_key', manifest: opened }
    if (stored.manifest.current !== opened.current) return { kind: 'other_key' }
    await this.#remember(stored.manifest, stored.text)
    return { kind: 'same_key', manifest: stored.manifest }
  }

  /** Durable when it resolves. Fails with storage_failed. */
  async write(manifest: Manifest): Promise<void> {
    const text = encodeManifest(manifest)
    try {
      await atomicWrite(this.#path, text, { disk: this.#options.disk })
    } catch (error) {
      throw diskFailure(error, `${this.#path} cannot be written`)
    }
    this.#notUpgraded = undefined
    await this.#remember(manifest, text)
  }

  /** If several agents create a vault at once, the first one wins and the others read its manifest. Whether it was this one. */
  async create(manifest: Manifest): Promise<boolean> {
    const { directory, disk } = this.#options
    const temporary = temporaryName(this.#path)
    const text = encodeManifest(manifest)
    const noted = await this.#anchor()
    if (noted !== undefined)
      this.#options.warn(`the vault that was used here before (${noted.vault_id}) is gone: a new one is created`)
    try {
      await disk.create(temporary, Buffer.from(text))
      try {
        await disk.link(temporary, this.#path)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
        throw error
      } finally {
        await disk.remove(temporary)
      }
      await disk.syncFolder(directory)
    } catch (error) {
      throw diskFailure(error, `${this.#path} cannot be written`)
    }
    await this.#remember(manifest, text)
    return true
  }

  async #stored(): Promise<StoredManifest | undefined> {
    try {
      const content = await this.#options.disk.read(this.#path)
      return content === undefined ? undefined : decodeStoredManifest(content)
    } catch (error) {
      // A link, a pipe, another user's file: refused as it was opened.
      if (error instanceof Failure) throw this.#changed(error.message)
      if ((error as NodeJS.ErrnoException).code === 'ELOOP') throw this.#changed('it is a symbolic link')
      if (!(error instanceof DecodeError)) throw diskFailure(error, `${this.#path} cannot be read`)
      throw new Failure('record_damaged', `${this.#path} does not describe a vault: ${error.message}`, {
        hint: this.restoreHint('or move the vault folder away to start anew'),
        cause: error,
      })
    }
  }

  async #anchor(): Promise<Manifest | undefined> {
    return newestAnchor(this.#accepted, await this.#options.note?.read())
  }

  async #refusalOf(stored: StoredManifest): Promise<string | undefined> {
    if (stored.kind === 'legacy' && stored.text === this.#notUpgraded) return undefined
    const anchor = await this.#anchor()
    return anchor === undefined ? undefined : refusalOf(stored, anchor)
  }

  async #remember(manifest: Manifest, text: string): Promise<void> {
    this.#accepted = manifest
    this.#acceptedText = text
    await this.#options.note?.write(manifest)
  }

  /** Format 1 becomes format 2 in one atomic write. Of its older keys those stay that the current key vouches for by wrapping them. */
  async #upgrade(legacy: LegacyManifest, text: string, key: Uint8Array): Promise<Manifest> {
    const { vault_id, current, keys } = legacy
    const upgraded = signManifest(key, {
      format: 2,
      vault_id,
      revision: 1,
      current,
      public_key: publicKeyOf(key),
      keys: keys.filter((each) => each.key_id === current || unwrapKey(key, each) !== undefined),
      endorsements: [],
    })
    try {
      return await this.#options.exclusively(() => this.#writeUpgrade(upgraded, text))
    } catch (error) {
      const failure = asFailure(error)
      if (failure.code === 'vault_changed') throw failure
      // A disk that is full or read-only: the vault is used as it is, and upgraded when it is opened again.
      this.#notUpgraded = text
      this.#accepted = upgraded
      this.#acceptedText = text
      this.#options.warn(`vault.json could not be upgraded: ${failure.message}`)
      return upgraded
    }
  }

  async #writeUpgrade(upgraded: Manifest, text: string): Promise<Manifest> {
    const now = await this.#stored()
    // Another agent may have upgraded it since: the same key gives the same signature.
    if (now?.kind === 'signed' && refusalOf(now, upgraded) === undefined) {
      await this.#remember(now.manifest, now.text)
      return now.manifest
    }
    if (now?.kind !== 'legacy' || now.text !== text) throw this.#changed('it was replaced while it was upgraded')
    await this.write(upgraded)
    return upgraded
  }

  async #isKeyFileInVault(manifest: Manifest | LegacyManifest): Promise<boolean> {
    const { path } = currentLocation(manifest)
    if (path === undefined) return false
    const real = (each: string): Promise<string> => realpath(each).catch(() => each)
    const inside = relative(await real(this.#options.directory), await real(path))
    return !inside.startsWith('..') && !isAbsolute(inside)
  }

  /** How to put back the last accepted manifest, and what else can be done. */
  restoreHint(otherwise?: string): string {
    const note = this.#notePath()
    const [from, to] = [quote(note ?? ''), quote(this.#path)]
    const restore = note === undefined ? `restore ${this.#path} from a backup` : `restore it: rm -f ${to} && cp ${from} ${to}`
    return otherwise === undefined ? restore : `${restore}, ${otherwise}`
  }

  #notePath(): string | undefined {
    const { note } = this.#options
    return note !== undefined && existsSync(note.path) ? note.path : undefined
  }

  #changed(why: string, hint?: string): Failure {
    const note = this.#notePath()
    const accept = note && `or, if you made this change yourself, remove ${quote(note)} and start the agent again`
    return new Failure('vault_changed', `${this.#path} is not accepted: ${why}`, { hint: hint ?? this.restoreHint(accept) })
  }
}

/** For a shell, if it is necessary. */
const quote = (path: string): string => (/^[\w/.:@+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`)
