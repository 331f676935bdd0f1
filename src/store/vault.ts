// Whether the vault is open, and with which keys: opening, locking, unlocking, and following a change of the master key that another
// agent has made. Only store.ts uses it.

import { Failure, asFailure } from '../core/failures.ts'
import type { Clock } from '../core/ports.ts'
import type { Redacted } from '../core/redacted.ts'
import { KeyRing, type OpenVault } from './keys/key-ring.ts'
import type { FetchedKey, MasterKeys } from './keys/master-keys.ts'
import { PassphraseTries } from './keys/passphrase-tries.ts'
import { currentLocation, type Manifest, type ProviderName, type StoredManifest } from './manifest/manifest.ts'
import type { ManifestFile } from './manifest/manifest-file.ts'
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

export interface VaultOptions {
  readonly manifests: ManifestFile
  readonly masterKeys: MasterKeys
  readonly clock: Clock
  /** Creates the folder, or checks it. */
  readonly makeFolder: () => Promise<void>
  /** Called when the vault has been opened with a key that was fetched. */
  readonly onOpened: (vault: OpenVault) => void
  readonly warn: (text: string) => void
}

export class Vault {
  readonly #options: VaultOptions
  readonly #tries = new PassphraseTries()
  #state: StoreState = { kind: 'locked', by: 'default', provider: undefined }
  /** `unlock` runs one at a time: guesses made at once must not pass the back-off. */
  #unlocking: Promise<unknown> = Promise.resolve()
  /** Refusals that the user was told of. */
  readonly #reported = new Set<string>()

  constructor(options: VaultOptions) {
    this.#options = options
  }

  /** As last known; reads no file and asks no keychain. */
  status(): VaultView {
    return viewOf(this.#state)
  }

  /** Undefined unless it is open. */
  get opened(): OpenVault | undefined {
    return vaultOf(this.#state)
  }

  /** Whether the keys of this vault are still the ones in use; its manifest may have been replaced. */
  isOpenWith({ keys }: OpenVault): boolean {
    return this.opened?.keys === keys
  }

  /** Without asking the user. Undefined if there is no vault. Fails with vault_locked, vault_changed, keychain_*, master_key_*. */
  async open(): Promise<OpenVault | undefined> {
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

  /** Open under the key that the manifest names now. */
  async openCurrent(unendorsed: 'report' | 'refuse' = 'report'): Promise<OpenVault> {
    for (;;) {
      const vault = await this.open()
      if (vault === undefined) throw this.#manifestGone()
      if (!(await this.isSuperseded(vault, unendorsed))) return this.opened ?? vault
    }
  }

  /**
   * Whether the manifest names another key by now, endorsed by the one at hand: the vault is then closed. A manifest that is not
   * endorsed is reported and not followed: the vault stays open under its own key (S1). Fails if the manifest is gone.
   */
  async isSuperseded(vault: OpenVault, unendorsed: 'report' | 'refuse' = 'report'): Promise<boolean> {
    const found = await this.#options.manifests.compare(vault.manifest)
    switch (found.kind) {
      case 'gone':
        throw this.#manifestGone()
      case 'refused':
        if (unendorsed === 'refuse') throw found.failure
        this.#report(found.failure)
        return false
      case 'same_key':
        this.#replaceManifest(vault, found.manifest)
        return false
      case 'other_key':
        if (this.#state.kind === 'rekeying') await this.#state.keyEntered
        if (this.isOpenWith(vault)) this.#to(lockedByDefault(providerOf(this.#state)))
        return true
    }
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

  /** Overwrites the keys in memory. */
  lock(by: Locked['by']): void {
    this.opened?.keys.wipe()
    this.#to({ kind: 'locked', by, provider: providerOf(this.#state) })
  }

  /** Opens a vault that `create` makes now. A failure stays visible until it can be made (L9). */
  async create(make: () => Promise<OpenVault | undefined>): Promise<OpenVault | undefined> {
    const from = this.#state
    if (from.kind === 'locked' && from.by === 'user') throw locked()
    try {
      const vault = await make()
      return vault === undefined ? undefined : this.#enter(vault, from)
    } catch (error) {
      const failure = asFailure(error)
      if (this.#state === from) this.#to({ kind: 'failed', failure, provider: providerOf(from) })
      throw failure
    }
  }

  /** Changes to the vault that `start` gives, and stays in `rekeying` until `finish` has given the manifest that remains. */
  async rekey(
    before: OpenVault,
    start: () => Promise<OpenVault>,
    finish: (vault: OpenVault) => Promise<Manifest>,
  ): Promise<void> {
    const keyEntered = start().then(
      (vault) => this.#enterNewKey(before, vault),
      (error: unknown) => {
        if (this.isOpenWith(before)) this.#to({ kind: 'open', vault: before })
        throw error
      },
    )
    this.#to({ kind: 'rekeying', vault: before, keyEntered: keyEntered.catch(() => {}) })
    await this.finishRekey(await keyEntered, finish)
  }

  async finishRekey(vault: OpenVault, finish: (vault: OpenVault) => Promise<Manifest>): Promise<void> {
    let { manifest } = vault
    try {
      manifest = await finish(vault)
    } finally {
      if (this.isOpenWith(vault)) this.#to({ kind: 'open', vault: { manifest, keys: vault.keys } })
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
    const { manifests, masterKeys, makeFolder } = this.#options
    const { from } = opening
    let provider = from.provider
    try {
      for (;;) {
        const stored = await manifests.read()
        if (stored === undefined) {
          // A failure to create the vault stays visible until it can be created (L9).
          this.#settle(opening, from.kind === 'failed' && from.provider === undefined ? from : lockedByDefault(undefined))
          return undefined
        }
        const location = currentLocation(stored.manifest)
        provider = location.provider
        await makeFolder()
        const fetched = await masterKeys.fetch(location, stored.manifest.vault_id)
        const vault = await this.#accept(stored, fetched)
        if (vault !== undefined) return this.#enterOpened(vault, opening)
      }
    } catch (error) {
      const failure = asFailure(error)
      this.#settle(opening, from.kind === 'locked' && from.by === 'user' ? from : { kind: 'failed', failure, provider })
      throw failure
    }
  }

  async #unlockWith(passphrase: Redacted<string>, from: Locked | Failed | Opening): Promise<void> {
    const { manifests, masterKeys, clock } = this.#options
    this.#tries.check(clock.now())
    const stored = await manifests.read()
    const location = stored === undefined ? undefined : currentLocation(stored.manifest)
    if (stored === undefined || location?.provider !== 'passphrase') {
      throw new Failure('bad_request', 'this vault has no passphrase', { hint: '`authsock unlock` without one' })
    }
    const key = await masterKeys.fetchByPassphrase(location, passphrase)
    if (key === undefined) {
      this.#tries.wrong(clock.now())
      throw new Failure('master_key_wrong', 'this is not the passphrase of the vault', { hint: '`authsock unlock` to try again' })
    }
    this.#tries.right()
    const vault = await this.#accept(stored, { key, source: 'not_named' })
    if (vault === undefined) throw new Failure('master_key_wrong', 'the master key has just been changed by another agent')
    this.#enterOpened(vault, from)
  }

  /** Undefined if another agent has changed the master key since `stored` was read. */
  async #accept(stored: StoredManifest, fetched: FetchedKey): Promise<OpenVault | undefined> {
    try {
      const manifest = await this.#options.manifests.accept(stored, fetched)
      if (manifest.current === stored.manifest.current) return { manifest, keys: KeyRing.of(manifest, fetched.key) }
    } catch (error) {
      fetched.key.fill(0)
      throw error
    }
    fetched.key.fill(0)
    return undefined
  }

  #enterOpened(vault: OpenVault, from: StoreState): OpenVault {
    const entered = this.#enter(vault, from)
    this.#options.onOpened(entered)
    return entered
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

  #warnOfKeyFile({ manifest }: OpenVault): void {
    if (currentLocation(manifest).provider !== 'insecure-key-file') return
    this.#options.warn(
      'the master key is in a plain file beside the vault: anyone who copies the folder has every login. `authsock vault master-key` changes that',
    )
  }

  #report({ message, hint }: Failure): void {
    if (this.#reported.has(message)) return
    this.#reported.add(message)
    this.#options.warn(`${message}. The agent goes on with the master key it has; ${hint}`)
  }

  /** Another agent has finished a change of the key, or begun one with the same key. */
  #replaceManifest({ manifest: before, keys }: OpenVault, manifest: Manifest): void {
    const state = this.#state
    if (manifest === before || vaultOf(state)?.keys !== keys) return
    if (state.kind === 'open' || state.kind === 'rekeying') this.#to({ ...state, vault: { manifest, keys } })
  }

  /** An opening that was superseded, as by `lock`, changes nothing. */
  #settle(opening: Opening, next: StoreState): void {
    if (this.#state === opening) this.#to(next)
  }

  #manifestGone(): Failure {
    return new Failure('storage_failed', 'vault.json is gone', { hint: this.#options.manifests.restoreHint() })
  }

  #to(next: StoreState): void {
    this.#state = transition(this.#state, next)
  }
}

const locked = (): Failure => new Failure('vault_locked', 'the vault is locked')
const lockedByDefault = (provider: ProviderName | undefined): Locked => ({ kind: 'locked', by: 'default', provider })
