// The store of this machine, called the vault in commands and messages: sealed records behind one master key, open or locked.
// Only the agent uses it. The files are in files/, the master keys in keys/, the change of the key in rekey.ts, the states in state.ts.

import { randomUUID } from 'node:crypto'
import { Failure, asFailure } from '../core/failures.ts'
import type { Clock, RecordStore, SealedContent, SessionLock } from '../core/ports.ts'
import type { Redacted } from '../core/redacted.ts'
import { type Disk, diskFailure, realDisk } from '../platform/fs/disk.ts'
import { SealedFiles } from './files/sealed-files.ts'
import { KeyRing, type OpenVault, unknownKeyPolicy } from './keys/key-ring.ts'
import { type FetchedKey, type MasterKeyChoice, MasterKeys } from './keys/master-keys.ts'
import { PassphraseTries } from './keys/passphrase-tries.ts'
import { currentLocation, type KeyLocation, type Manifest, type ProviderName, type StoredManifest } from './manifest/manifest.ts'
import { ManifestFile } from './manifest/manifest-file.ts'
import { ManifestNote } from './manifest/note.ts'
import { publicKeyOf, signManifest } from './manifest/signature.ts'
import { finishRekey, type RekeyPorts, startRekey } from './rekey.ts'
import {
  type Failed,
  type Locked,
  type Opening,
  providerOf,
  type StoreState,
  transition,
  vaultOf,
  type VaultView,
  viewOf,
} from './state.ts'

export type { MasterKeyChoice } from './keys/master-keys.ts'

export interface StoreOptions {
  /** The vault's folder. */
  readonly directory: string
  readonly clock: Clock
  /** Held around each record while it is resealed, so that no other agent writes it. */
  readonly lock: SessionLock
  /** Named by the user for this run: the provider of a new vault's key, and the source of the key if the manifest names this provider. */
  readonly named?: MasterKeyChoice
  readonly onWarning: (text: string) => void
  /** Outside the vault's folder: the last accepted manifest. Without it, a change between two runs is not noticed. */
  readonly noteFile?: string
  readonly disk?: Disk
}

/** Held while the manifest is changed; no record has this id. The timeout allows another agent to reseal all records. */
const manifestLock = { id: 'vault.json', timeoutMs: 120_000 }
/** An opening does not wait that long: a vault whose upgrade cannot be written is opened all the same. */
const upgradeTimeoutMs = 15_000

export class Store implements RecordStore {
  readonly #options: StoreOptions
  readonly #disk: Disk
  readonly #files: SealedFiles
  readonly #masterKeys: MasterKeys
  readonly #manifests: ManifestFile
  readonly #tries = new PassphraseTries()
  #state: StoreState = { kind: 'locked', by: 'default', provider: undefined }
  /** `unlock` runs one at a time: guesses made at once must not pass the back-off. */
  #unlocking: Promise<unknown> = Promise.resolve()
  #holdsManifestLock = false
  /** Refusals that the user was told of. */
  readonly #reported = new Set<string>()

  constructor(options: StoreOptions) {
    const { directory, noteFile, onWarning: warn } = options
    this.#options = options
    this.#disk = options.disk ?? realDisk
    this.#manifests = new ManifestFile({
      directory,
      disk: this.#disk,
      warn,
      exclusively: (work) => (this.#holdsManifestLock ? work() : this.#withManifest(work, upgradeTimeoutMs)),
      ...(noteFile === undefined ? {} : { note: new ManifestNote(noteFile, warn) }),
    })
    this.#files = new SealedFiles(options.directory, this.#disk)
    this.#masterKeys = new MasterKeys(options.directory, this.#disk, options.named)
  }

  /** As last known; reads no file and asks no keychain. */
  status(): VaultView {
    return viewOf(this.#state)
  }

  /** Opens the vault without asking the user, if there is one. Fails with vault_locked, keychain_*, master_key_*. */
  async open(): Promise<void> {
    await this.#open()
  }

  /** R11: opens the vault, creates it if there is none, and proves that key and disk can be written. */
  async prepare(): Promise<void> {
    if ((await this.#open()) === undefined) {
      await this.#withManifest(async () => {
        if ((await this.#open()) === undefined) await this.#create(this.#options.named ?? { provider: 'keychain' })
      })
    }
    await this.probe()
  }

  /** Opens the vault after `lock`, or with its passphrase. Fails with master_key_wrong, unlock_throttled, vault_locked, keychain_*. */
  async unlock(passphrase?: Redacted<string>): Promise<void> {
    const turn = this.#unlocking.then(async () => {
      const state = this.#state
      if (state.kind === 'open' || state.kind === 'rekeying') return
      if (passphrase !== undefined) await this.#unlockWith(passphrase, state)
      else await (state.kind === 'opening' ? state.attempt : this.#startOpening(state))
    })
    this.#unlocking = turn.catch(() => {})
    await turn
  }

  /** Overwrites the keys in memory; only `unlock` opens the vault again. */
  lock(): void {
    this.#lock('user')
  }

  /** Overwrites the keys in memory; the next access opens the vault again. */
  close(): void {
    this.#lock('default')
  }

  /** Reseals every record under a new key. A crash at any point loses nothing: the next opening continues. */
  async changeMasterKey(choice: MasterKeyChoice): Promise<void> {
    // An upgrade of the manifest takes its lock: the vault is opened before the lock is taken here.
    await this.#open()
    await this.#withManifest(async () => {
      if ((await this.#open()) === undefined) return this.#create(choice)
      const before = await this.#openCurrent('refuse')
      const started = startRekey(this.#rekeyPorts(), before, choice)
      const keyEntered = started.then(
        (vault) => this.#enterNewKey(before, vault),
        (error: unknown) => {
          if (this.#isOpen(before)) this.#to({ kind: 'open', vault: before })
          throw error
        },
      )
      this.#to({ kind: 'rekeying', vault: before, keyEntered: keyEntered.catch(() => {}) })
      await this.#finishRekey(await keyEntered)
    })
  }

  async read(id: string): Promise<SealedContent | undefined> {
    const vault = await this.#open()
    if (vault === undefined) return undefined
    try {
      return await this.#files.read(id, vault.keys, 'refuse')
    } catch (error) {
      if (asFailure(error).code !== 'master_key_wrong') throw error
      // Another agent may have changed the master key since.
      if ((await this.#isSuperseded(vault)) || !this.#isOpen(vault)) return this.read(id)
      if (unknownKeyPolicy(vault) === 'refuse') throw error
      return this.#files.read(id, vault.keys, 'damaged')
    }
  }

  async write(id: string, generation: number, content: Uint8Array): Promise<void> {
    if ((await this.#open()) === undefined) throw new Failure('storage_failed', 'the vault has not been created yet')
    const vault = await this.#openCurrent()
    await this.#files.write(id, generation, content, vault.keys, unknownKeyPolicy(vault))
    // A change of the master key that did not see this file may have removed its key: reseal it before the write counts.
    for (let used = vault; await this.#isSuperseded(used);) {
      const [old, next] = [used, await this.#openCurrent()]
      await this.#files.resealOne(id, { current: next.keys.current, get: (key) => next.keys.get(key) ?? old.keys.get(key) })
      used = next
    }
  }

  async remove(id: string): Promise<void> {
    if (await this.#manifests.exists()) await this.#files.remove(id)
  }

  async list(): Promise<readonly string[]> {
    return (await this.#manifests.exists()) ? this.#files.list() : []
  }

  async version(): Promise<string | undefined> {
    return vaultOf(this.#state) === undefined ? undefined : this.#files.version(this.#options.clock.now())
  }

  async sync(): Promise<void> {
    if ((await this.#open()) !== undefined) await this.#files.sync()
  }

  async probe(): Promise<void> {
    await this.#makeFolder()
    await this.#files.probe()
  }

  // ---- opening

  async #open(): Promise<OpenVault | undefined> {
    const state = this.#state
    switch (state.kind) {
      case 'open':
      case 'rekeying':
        return state.vault
      case 'opening':
        return state.attempt
      case 'locked':
        if (state.by === 'user') throw locked()
        return this.#startOpening(state)
      case 'failed':
        return this.#startOpening(state)
    }
  }

  async #startOpening(from: Locked | Failed): Promise<OpenVault | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<OpenVault | undefined>()
    const opening: Opening = { kind: 'opening', from, attempt: promise }
    this.#to(opening)
    this.#fetchKey(opening).then(resolve, reject)
    return promise
  }

  async #fetchKey(opening: Opening): Promise<OpenVault | undefined> {
    const { from } = opening
    let provider = from.provider
    try {
      for (;;) {
        const stored = await this.#manifests.read()
        if (stored === undefined) {
          // A failure to create the vault stays visible until it can be created (L9).
          this.#settle(opening, from.kind === 'failed' && from.provider === undefined ? from : lockedByDefault(undefined))
          return undefined
        }
        const location = currentLocation(stored.manifest)
        provider = location.provider
        await this.#makeFolder()
        const fetched = await this.#masterKeys.fetch(location, stored.manifest.vault_id)
        const vault = await this.#accept(stored, fetched)
        if (vault === undefined) continue
        const entered = this.#enter(vault, opening)
        void this.#tidy(entered)
        return entered
      }
    } catch (error) {
      const failure = asFailure(error)
      this.#settle(opening, from.kind === 'locked' && from.by === 'user' ? from : { kind: 'failed', failure, provider })
      throw failure
    }
  }

  async #unlockWith(passphrase: Redacted<string>, from: Locked | Failed | Opening): Promise<void> {
    this.#tries.check(this.#options.clock.now())
    const stored = await this.#manifests.read()
    const location = stored === undefined ? undefined : currentLocation(stored.manifest)
    if (stored === undefined || location?.provider !== 'passphrase') {
      throw new Failure('bad_request', 'this vault has no passphrase', { hint: '`authsock unlock` without one' })
    }
    const key = await this.#masterKeys.fetchByPassphrase(location, passphrase)
    if (key === undefined) {
      this.#tries.wrong(this.#options.clock.now())
      throw new Failure('master_key_wrong', 'this is not the passphrase of the vault', { hint: '`authsock unlock` to try again' })
    }
    this.#tries.right()
    const vault = await this.#accept(stored, { key, source: 'not_named' })
    if (vault === undefined) throw new Failure('master_key_wrong', 'the master key has just been changed by another agent')
    void this.#tidy(this.#enter(vault, from))
  }

  /** Undefined if another agent has changed the master key since `stored` was read. */
  async #accept(stored: StoredManifest, fetched: FetchedKey): Promise<OpenVault | undefined> {
    try {
      const manifest = await this.#manifests.accept(stored, fetched)
      if (manifest.current === stored.manifest.current) return { manifest, keys: KeyRing.of(manifest, fetched.key) }
    } catch (error) {
      fetched.key.fill(0)
      throw error
    }
    fetched.key.fill(0)
    return undefined
  }

  /** Opens the vault with a key that was fetched in state `from`, unless it was locked or opened since then. */
  #enter(vault: OpenVault, from: StoreState): OpenVault {
    const state = this.#state
    const opened = vaultOf(state)
    const isLockedSince = state !== from && state.kind === 'locked' && (state.by === 'user' || from.kind === 'opening')
    if (opened !== undefined || isLockedSince) vault.keys.wipe()
    if (opened !== undefined) return opened
    if (isLockedSince) throw locked()
    this.#to({ kind: 'open', vault })
    this.#warnOfKeyFile(vault)
    return vault
  }

  #warnOfKeyFile({ manifest }: OpenVault): void {
    if (currentLocation(manifest).provider !== 'insecure-key-file') return
    this.#options.onWarning(
      'the master key is in a plain file beside the vault: anyone who copies the folder has every login. `authsock vault master-key` changes that',
    )
  }

  /** An opening that was superseded, as by `lock`, changes nothing. */
  #settle(opening: Opening, next: StoreState): void {
    if (this.#state === opening) this.#to(next)
  }

  async #create(choice: MasterKeyChoice): Promise<void> {
    const from = this.#state
    if (from.kind === 'locked' && from.by === 'user') throw locked()
    try {
      await this.#makeFolder()
      if ((await this.#files.list()).length > 0) {
        throw new Failure('record_damaged', 'there are sealed records, but vault.json, which names their key, is gone', {
          hint: this.#manifests.restoreHint('or move the vault folder away to start anew'),
        })
      }
      await this.#files.probe()
      const vaultId = randomUUID()
      const { key, location } = await this.#masterKeys.make(choice, vaultId)
      const manifest = firstManifest(vaultId, location, key)
      if (await this.#manifests.create(manifest)) {
        this.#enter({ manifest, keys: KeyRing.of(manifest, key) }, from)
        return
      }
      // Another agent was first: its key counts, and ours is removed, unless it is a file that both were told to use.
      if (location.provider === 'keychain' || location.provider === 'passphrase')
        await this.#masterKeys.discard(location, vaultId).catch(() => {})
    } catch (error) {
      const failure = asFailure(error)
      if (this.#state === from) this.#to({ kind: 'failed', failure, provider: providerOf(from) })
      throw failure
    }
    await this.#open()
  }

  // ---- changing the master key

  #enterNewKey(before: OpenVault, vault: OpenVault): OpenVault {
    const state = this.#state
    if (state.kind !== 'rekeying' || state.vault.keys !== before.keys) {
      vault.keys.wipe()
      throw locked()
    }
    this.#to({ ...state, vault })
    this.#warnOfKeyFile(vault)
    return vault
  }

  async #finishRekey(vault: OpenVault): Promise<void> {
    try {
      const manifest = await finishRekey(this.#rekeyPorts(), vault)
      if (this.#isOpen(vault)) this.#to({ kind: 'open', vault: { manifest, keys: vault.keys } })
    } catch (error) {
      if (this.#isOpen(vault)) this.#to({ kind: 'open', vault })
      throw error
    }
  }

  #rekeyPorts(): RekeyPorts {
    const { lock, onWarning: warn } = this.#options
    return { lock, warn, manifests: this.#manifests, files: this.#files, masterKeys: this.#masterKeys }
  }

  /** Removes what a crash left: temporary files, records under an old key. Runs in the background. */
  async #tidy(vault: OpenVault): Promise<void> {
    try {
      await this.#files.sweep()
      if (vault.manifest.keys.length === 1 || unknownKeyPolicy(vault) === 'refuse') return
      await this.#withManifest(async () => {
        if (!this.#isOpen(vault) || (await this.#isSuperseded(vault, 'refuse'))) return
        await this.#finishRekey(vaultOf(this.#state) ?? vault)
      })
    } catch (error) {
      this.#options.onWarning(`the vault could not be tidied: ${asFailure(error).message}`)
    }
  }

  /**
   * Whether the manifest names another key by now, endorsed by the one at hand: the vault is then closed. A manifest that is not
   * endorsed is reported and not followed: the vault stays open under its own key (S1). Fails if the manifest is gone.
   */
  async #isSuperseded(vault: OpenVault, unendorsed: 'report' | 'refuse' = 'report'): Promise<boolean> {
    const found = await this.#manifests.compare(vault.manifest)
    switch (found.kind) {
      case 'gone':
        throw new Failure('storage_failed', 'vault.json is gone', { hint: this.#manifests.restoreHint() })
      case 'refused':
        if (unendorsed === 'refuse') throw found.failure
        this.#report(found.failure)
        return false
      case 'same_key':
        this.#replaceManifest(vault, found.manifest)
        return false
      case 'other_key':
        if (this.#state.kind === 'rekeying') await this.#state.keyEntered
        if (this.#isOpen(vault)) this.#to(lockedByDefault(providerOf(this.#state)))
        return true
    }
  }

  #report({ message, hint }: Failure): void {
    if (this.#reported.has(message)) return
    this.#reported.add(message)
    this.#options.onWarning(`${message}. The agent goes on with the master key it has; ${hint}`)
  }

  /** Another agent has finished a change of the key, or begun one with the same key. */
  #replaceManifest({ manifest: before, keys }: OpenVault, manifest: Manifest): void {
    const state = this.#state
    if (manifest === before || vaultOf(state)?.keys !== keys) return
    if (state.kind === 'open' || state.kind === 'rekeying') this.#to({ ...state, vault: { manifest, keys } })
  }

  /** Open under the key that the manifest names now. */
  async #openCurrent(unendorsed: 'report' | 'refuse' = 'report'): Promise<OpenVault> {
    for (;;) {
      const vault = await this.#open()
      if (vault === undefined) throw new Failure('storage_failed', 'vault.json is gone', { hint: this.#manifests.restoreHint() })
      if (!(await this.#isSuperseded(vault, unendorsed))) return vaultOf(this.#state) ?? vault
    }
  }

  /** One agent at a time: each starts from the manifest that the previous one has written. */
  async #withManifest<T>(work: () => Promise<T>, timeoutMs = manifestLock.timeoutMs): Promise<T> {
    const held = await this.#options.lock.acquire(manifestLock.id, timeoutMs, new AbortController().signal)
    this.#holdsManifestLock = true
    try {
      return await work()
    } finally {
      this.#holdsManifestLock = false
      await held.release()
    }
  }

  // ---- common

  #lock(by: Locked['by']): void {
    vaultOf(this.#state)?.keys.wipe()
    this.#to({ kind: 'locked', by, provider: providerOf(this.#state) })
  }

  /** Whether the keys of this vault are still the ones in use; its manifest may have been replaced. */
  #isOpen({ keys }: OpenVault): boolean {
    return vaultOf(this.#state)?.keys === keys
  }

  #to(next: StoreState): void {
    this.#state = transition(this.#state, next)
  }

  async #makeFolder(): Promise<void> {
    try {
      await this.#disk.makeFolder(this.#options.directory)
    } catch (error) {
      throw diskFailure(error, `${this.#options.directory} cannot be created`)
    }
  }
}

const locked = (): Failure => new Failure('vault_locked', 'the vault is locked')
const lockedByDefault = (provider: ProviderName | undefined): Locked => ({ kind: 'locked', by: 'default', provider })

const firstManifest = (vaultId: string, location: KeyLocation, key: Uint8Array): Manifest =>
  signManifest(key, {
    format: 2,
    vault_id: vaultId,
    revision: 1,
    current: location.key_id,
    public_key: publicKeyOf(key),
    keys: [location],
    endorsements: [],
  })
