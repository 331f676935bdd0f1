// The vault: sealed records behind one master key, open or shut. The agent is its only user; what it does with files is in
// sealed-files.ts, where keys are kept in master-keys.ts, how the key is changed in rekey.ts.

import { randomUUID } from 'node:crypto'
import { Failure, asFailure } from '../core/failures.ts'
import type { Clock, RecordStore, SealedContent, SessionLock } from '../core/ports.ts'
import type { Redacted } from '../core/redacted.ts'
import { type Disk, diskFailure, realDisk } from './disk.ts'
import { createManifest, type KeyPlace, type Manifest, type ProviderName, readManifest } from './manifest.ts'
import { type MasterKeyChoice, MasterKeys } from './master-keys.ts'
import { finishRekey, startRekey } from './rekey.ts'
import { type Keys, SealedFiles } from './sealed-files.ts'

export type { MasterKeyChoice } from './master-keys.ts'

export interface VaultOptions {
  /** The vault's folder. */
  readonly directory: string
  readonly clock: Clock
  /** Held around each record that is sealed anew, so that no agent writes it meanwhile. */
  readonly lock: SessionLock
  /** Named by the user for this run: the key of a new vault, and the way to one whose manifest says the same provider. */
  readonly named?: MasterKeyChoice
  readonly onWarning: (text: string) => void
  readonly disk?: Disk
}

export interface VaultView {
  readonly state: 'new' | 'open' | 'locked' | 'absent' | 'unreachable'
  readonly masterKey?: ProviderName
  readonly detail?: string
  readonly hint?: string
}

/** What keeps the vault from being open. */
type Shut = { readonly kind: 'unopened' } | { readonly kind: 'by_user' } | { readonly kind: 'failed'; readonly failure: Failure }

interface OpenVault {
  readonly manifest: Manifest
  readonly keys: KeyRing
}

class KeyRing implements Keys {
  readonly #keys: Map<string, Buffer>
  readonly #current: string

  constructor(keys: Map<string, Buffer>, current: string) {
    this.#keys = keys
    this.#current = current
  }

  get current(): Buffer {
    return this.#keys.get(this.#current) as Buffer
  }

  get(keyId: string): Buffer | undefined {
    return this.#keys.get(keyId)
  }

  /** Every byte of every key is overwritten. */
  wipe(): void {
    for (const key of this.#keys.values()) key.fill(0)
    this.#keys.clear()
  }
}

/** Wrong passphrases: so many seconds before the next try. */
const firstPause = 1
const longestPause = 300

export class Vault implements RecordStore {
  readonly #options: VaultOptions
  readonly #disk: Disk
  readonly #files: SealedFiles
  readonly #masterKeys: MasterKeys
  #opened: OpenVault | undefined
  #shut: Shut = { kind: 'unopened' }
  #manifest: Manifest | undefined
  #opening: Promise<OpenVault | undefined> | undefined
  #unlocking: Promise<unknown> = Promise.resolve()
  #wrongTries = 0
  #nextTryAt = 0

  constructor(options: VaultOptions) {
    this.#options = options
    this.#disk = options.disk ?? realDisk
    this.#files = new SealedFiles(options.directory, this.#disk)
    this.#masterKeys = new MasterKeys(options.directory, this.#disk, options.named)
  }

  /** As last seen; asks nobody. */
  status(): VaultView {
    const provider = this.#manifest?.keys.find(({ key_id }) => key_id === this.#manifest?.current)?.provider
    const masterKey = provider === undefined ? {} : { masterKey: provider }
    if (this.#opened !== undefined) return { state: 'open', ...masterKey }
    if (this.#shut.kind === 'failed') {
      const { failure } = this.#shut
      return { state: stateOf(failure), ...masterKey, detail: failure.message, hint: failure.hint }
    }
    if (this.#shut.kind === 'by_user') return { state: 'locked', ...masterKey, hint: new Failure('vault_locked', '').hint }
    return { state: 'new', ...masterKey }
  }

  /** Opens it without the user; a vault that is not there yet stays away. Fails with vault_locked, keychain_*, master_key_*. */
  async open(): Promise<void> {
    await this.#open()
  }

  /** R11: opens it, makes it where it is not there yet, and proves that key and disk can be written. */
  async prepare(): Promise<void> {
    if ((await this.#open()) === undefined) await this.#create(this.#options.named ?? { provider: 'keychain' })
    await this.probe()
  }

  /** After `lock`, and for a vault with a passphrase. Fails with master_key_wrong, unlock_throttled, vault_locked, keychain_*. */
  async unlock(passphrase?: Redacted<string>): Promise<void> {
    const before = this.#shut
    const turn = this.#unlocking.then(async () => {
      if (this.#opened !== undefined) return
      this.#shut = { kind: 'unopened' }
      if (passphrase === undefined) await this.#open()
      else await this.#unlockWith(passphrase)
    })
    this.#unlocking = turn.catch(() => {})
    try {
      await turn
    } catch (error) {
      if (before.kind === 'by_user') this.#shut = before
      throw error
    }
  }

  /** Overwrites the keys in memory; nothing opens the vault again but `unlock`. */
  lock(): void {
    this.close()
    this.#shut = { kind: 'by_user' }
  }

  close(): void {
    this.#opened?.keys.wipe()
    this.#opened = undefined
    this.#shut = { kind: 'unopened' }
  }

  /** Seals every record anew under a key of another provider. A crash at any point loses nothing: the next opening goes on. */
  async changeMasterKey(choice: MasterKeyChoice): Promise<void> {
    const opened = await this.#open()
    if (opened === undefined) return this.#create(choice)
    const { manifest, place, key } = await startRekey({ ...this.#rekeyPorts(), manifest: opened.manifest, choice })
    const keys = new Map([[place.key_id, key]])
    for (const { key_id } of opened.manifest.keys) {
      const old = opened.keys.get(key_id)
      if (old !== undefined) keys.set(key_id, old)
    }
    const both = { manifest, keys: new KeyRing(keys, place.key_id) }
    this.#enter(both)
    await this.#finishRekey(both)
  }

  async read(id: string): Promise<SealedContent | undefined> {
    const opened = await this.#open()
    if (opened === undefined) return undefined
    try {
      return await this.#files.read(id, opened.keys)
    } catch (error) {
      // Another agent may have changed the master key meanwhile.
      if (asFailure(error).code !== 'master_key_wrong' || !(await this.#hasMovedOn(opened))) throw error
      return this.read(id)
    }
  }

  async write(id: string, generation: number, content: Uint8Array): Promise<void> {
    let opened = await this.#open()
    if (opened === undefined) throw new Failure('storage_failed', 'the vault has not been made yet')
    if (await this.#hasMovedOn(opened)) opened = await this.#open()
    if (opened === undefined) throw new Failure('storage_failed', 'the vault is gone')
    await this.#files.write(id, generation, content, opened.keys)
  }

  async remove(id: string): Promise<void> {
    if ((await readManifest(this.#options.directory, this.#disk)) !== undefined) await this.#files.remove(id)
  }

  async list(): Promise<readonly string[]> {
    return (await readManifest(this.#options.directory, this.#disk)) === undefined ? [] : this.#files.list()
  }

  async probe(): Promise<void> {
    await this.#makeFolder()
    await this.#files.probe()
  }

  #open(): Promise<OpenVault | undefined> {
    if (this.#opened !== undefined) return Promise.resolve(this.#opened)
    if (this.#shut.kind === 'by_user') return Promise.reject(new Failure('vault_locked', 'the vault is locked'))
    this.#opening ??= this.#openAnew().finally(() => {
      this.#opening = undefined
    })
    return this.#opening
  }

  async #openAnew(): Promise<OpenVault | undefined> {
    try {
      const manifest = await readManifest(this.#options.directory, this.#disk)
      this.#manifest = manifest
      if (manifest === undefined) {
        this.#shut = { kind: 'unopened' }
        return undefined
      }
      const keys = new Map<string, Buffer>()
      const [current, ...others] = placesOf(manifest)
      keys.set(current.key_id, await this.#masterKeys.fetch(current, manifest))
      for (const place of others) {
        // Without it, only what is still sealed with it stays shut.
        const key = await this.#masterKeys.fetch(place, manifest).catch(() => undefined)
        if (key !== undefined) keys.set(place.key_id, key)
      }
      const opened = this.#enter({ manifest, keys: new KeyRing(keys, manifest.current) })
      void this.#tidy(opened)
      return opened
    } catch (error) {
      const failure = asFailure(error)
      this.#shut = { kind: 'failed', failure }
      throw failure
    }
  }

  #enter(opened: OpenVault): OpenVault {
    // `lock` may have come while the keychain was asked.
    if (this.#shut.kind === 'by_user') {
      opened.keys.wipe()
      throw new Failure('vault_locked', 'the vault is locked')
    }
    this.#opened = opened
    this.#manifest = opened.manifest
    this.#shut = { kind: 'unopened' }
    if (placesOf(opened.manifest)[0].provider === 'insecure-key-file') {
      this.#options.onWarning(
        'the master key lies in a plain file beside the vault: whoever copies the folder has every login. `authsock vault master-key` changes that',
      )
    }
    return opened
  }

  /** What a crash left: temporary files, records under an old key. Nothing of it keeps anybody waiting. */
  async #tidy(opened: OpenVault): Promise<void> {
    try {
      await this.#files.sweep(this.#options.clock.now())
      const hasAll =
        opened.manifest.keys.length > 1 && opened.manifest.keys.every(({ key_id }) => opened.keys.get(key_id) !== undefined)
      if (hasAll) await this.#finishRekey(opened)
    } catch (error) {
      this.#options.onWarning(`the vault could not be tidied: ${asFailure(error).message}`)
    }
  }

  async #create(choice: MasterKeyChoice): Promise<void> {
    if (this.#shut.kind === 'by_user') throw new Failure('vault_locked', 'the vault is locked')
    try {
      await this.#makeFolder()
      await this.#files.probe()
      const vaultId = randomUUID()
      const { key, place } = await this.#masterKeys.make(choice, vaultId)
      const manifest: Manifest = { format: 1, vault_id: vaultId, current: place.key_id, keys: [place] }
      if (await createManifest(this.#options.directory, this.#disk, manifest)) {
        this.#enter({ manifest, keys: new KeyRing(new Map([[place.key_id, key]]), place.key_id) })
        return
      }
      // Another agent was first: its key counts, ours goes (but not a file that both were told to use).
      if (place.provider === 'keychain' || place.provider === 'passphrase')
        await this.#masterKeys.discard(place, manifest).catch(() => {})
    } catch (error) {
      const failure = asFailure(error)
      this.#shut = { kind: 'failed', failure }
      throw failure
    }
    await this.#open()
  }

  async #unlockWith(passphrase: Redacted<string>): Promise<void> {
    const now = this.#options.clock.now()
    if (now < this.#nextTryAt) {
      const retryAfter = Math.ceil((this.#nextTryAt - now) / 1000)
      throw new Failure('unlock_throttled', `too many wrong passphrases: wait ${retryAfter} s`, { retryAfter })
    }
    const manifest = await readManifest(this.#options.directory, this.#disk)
    const place = manifest === undefined ? undefined : placesOf(manifest).find(({ provider }) => provider === 'passphrase')
    if (manifest === undefined || place === undefined) {
      throw new Failure('bad_request', 'this vault has no passphrase', { hint: '`authsock unlock` without one' })
    }
    const key = await this.#masterKeys.fetchByPassphrase(place, passphrase)
    if (key === undefined) {
      this.#wrongTries += 1
      this.#nextTryAt = this.#options.clock.now() + Math.min(firstPause * 2 ** (this.#wrongTries - 1), longestPause) * 1000
      throw new Failure('master_key_wrong', 'this is not the passphrase of the vault')
    }
    this.#wrongTries = 0
    const keys = new Map([[place.key_id, key]])
    for (const other of manifest.keys) {
      if (other === place) continue
      const found = await this.#masterKeys.fetch(other, manifest).catch(() => undefined)
      if (found !== undefined) keys.set(other.key_id, found)
    }
    if (!keys.has(manifest.current)) await this.#masterKeys.fetch(placesOf(manifest)[0], manifest)
    void this.#tidy(this.#enter({ manifest, keys: new KeyRing(keys, manifest.current) }))
  }

  async #finishRekey(opened: OpenVault): Promise<void> {
    const manifest = await finishRekey({ ...this.#rekeyPorts(), manifest: opened.manifest, keys: opened.keys })
    if (this.#opened === opened) {
      this.#opened = { manifest, keys: opened.keys }
      this.#manifest = manifest
    }
  }

  #rekeyPorts() {
    const { directory, lock } = this.#options
    return { directory, lock, disk: this.#disk, files: this.#files, masterKeys: this.#masterKeys, warn: this.#options.onWarning }
  }

  /** Another agent has moved the vault to another key: what is in memory is then forgotten. */
  async #hasMovedOn({ manifest }: OpenVault): Promise<boolean> {
    const stored = await readManifest(this.#options.directory, this.#disk)
    if (stored === undefined || stored.current === manifest.current) return false
    this.#opened = undefined
    return true
  }

  async #makeFolder(): Promise<void> {
    try {
      await this.#disk.makeFolder(this.#options.directory)
    } catch (error) {
      throw diskFailure(error, `${this.#options.directory} cannot be made`)
    }
  }
}

/** The current place first. */
function placesOf({ keys, current }: Manifest): readonly [KeyPlace, ...KeyPlace[]] {
  const place = keys.find(({ key_id }) => key_id === current) as KeyPlace
  return [place, ...keys.filter((each) => each !== place)]
}

function stateOf({ code }: Failure): VaultView['state'] {
  if (code === 'vault_locked' || code === 'keychain_locked') return 'locked'
  return code === 'keychain_absent' || code === 'master_key_wrong' ? 'absent' : 'unreachable'
}
