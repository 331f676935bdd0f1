// The vault: sealed records behind one master key, open or shut. The agent is its only user; what it does with files is in
// sealed-files.ts, where keys are kept in master-keys.ts, how the key is changed in rekey.ts.

import { randomUUID } from 'node:crypto'
import { Failure, asFailure } from '../core/failures.ts'
import type { Clock, RecordStore, SealedContent, SessionLock } from '../core/ports.ts'
import type { Redacted } from '../core/redacted.ts'
import { type Disk, diskFailure, realDisk } from './files/disk.ts'
import { currentPlace, foreign, KeyRing, type OpenVault } from './keys/key-ring.ts'
import { createManifest, type Manifest, type ProviderName, readManifest } from './files/manifest.ts'
import { type MasterKeyChoice, MasterKeys } from './keys/master-keys.ts'
import { PassphraseTries } from './keys/passphrase-tries.ts'
import { finishRekey, startRekey } from './rekey.ts'
import { SealedFiles } from './files/sealed-files.ts'

export type { MasterKeyChoice } from './keys/master-keys.ts'

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

/** Held while the manifest is changed: no record has this id. ms: as long as another agent may take to seal everything anew. */
const manifestLock = { id: 'vault.json', timeout: 120_000 }

export class Store implements RecordStore {
  readonly #options: VaultOptions
  readonly #disk: Disk
  readonly #files: SealedFiles
  readonly #masterKeys: MasterKeys
  readonly #tries = new PassphraseTries()
  #opened: OpenVault | undefined
  #shut: Shut = { kind: 'unopened' }
  #manifest: Manifest | undefined
  #opening: Promise<OpenVault | undefined> | undefined
  #unlocking: Promise<unknown> = Promise.resolve()
  /** Set while the manifest names a new key that is not entered yet. */
  #changing: Promise<unknown> | undefined

  constructor(options: VaultOptions) {
    this.#options = options
    this.#disk = options.disk ?? realDisk
    this.#files = new SealedFiles(options.directory, this.#disk)
    this.#masterKeys = new MasterKeys(options.directory, this.#disk, options.named)
  }

  /** As last seen; asks nobody. */
  status(): VaultView {
    const provider = this.#manifest === undefined ? undefined : currentPlace(this.#manifest).provider
    const masterKey = provider === undefined ? {} : { masterKey: provider }
    if (this.#opened !== undefined) return { state: 'open', ...masterKey }
    if (this.#shut.kind === 'failed') {
      const { failure } = this.#shut
      return { state: stateOf(failure), ...masterKey, detail: failure.message, hint: failure.hint }
    }
    if (this.#shut.kind === 'by_user') return { state: 'locked', ...masterKey, hint: new Failure('vault_locked', '').hint }
    return { state: this.#manifest === undefined ? 'new' : 'locked', ...masterKey }
  }

  /** Opens it without the user; a vault that is not there yet stays away. Fails with vault_locked, keychain_*, master_key_*. */
  async open(): Promise<void> {
    await this.#open()
  }

  /** R11: opens it, makes it where it is not there yet, and proves that key and disk can be written. */
  async prepare(): Promise<void> {
    if ((await this.#open()) === undefined) {
      await this.#withManifest(async () => {
        if ((await this.#open()) === undefined) await this.#create(this.#options.named ?? { provider: 'keychain' })
      })
    }
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
      if (before.kind === 'by_user' || this.#shut.kind === 'unopened') this.#shut = before
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
    await this.#withManifest(async () => {
      if ((await this.#open()) === undefined) return this.#create(choice)
      const opened = await this.#openNow()
      const start = startRekey({ ...this.#rekeyPorts(), manifest: opened.manifest, choice, keys: opened.keys }).then(
        ({ manifest, place, key }) => {
          const keys = new Map([[place.key_id, key]])
          for (const { key_id } of opened.manifest.keys) {
            const old = opened.keys.get(key_id)
            if (old !== undefined) keys.set(key_id, old)
          }
          return this.#enter({ manifest, keys: new KeyRing(keys, place.key_id) })
        },
      )
      this.#changing = start.catch(() => {})
      await this.#finishRekey(await start)
    })
  }

  async read(id: string): Promise<SealedContent | undefined> {
    const opened = await this.#open()
    if (opened === undefined) return undefined
    try {
      return await this.#files.read(id, opened.keys, 'refuse')
    } catch (error) {
      if (asFailure(error).code !== 'master_key_wrong') throw error
      // Another agent may have changed the master key meanwhile.
      if ((await this.#hasMovedOn(opened)) || this.#opened !== opened) return this.read(id)
      if (foreign(opened) === 'refuse') throw error
      return this.#files.read(id, opened.keys, 'damaged')
    }
  }

  async write(id: string, generation: number, content: Uint8Array): Promise<void> {
    if ((await this.#open()) === undefined) throw new Failure('storage_failed', 'the vault has not been made yet')
    const opened = await this.#openNow()
    await this.#files.write(id, generation, content, opened.keys, foreign(opened))
    // A change of the master key that did not see this file has let go of its key: it is sealed anew before it counts.
    for (let used = opened; await this.#hasMovedOn(used);) {
      const [old, next] = [used, await this.#openNow()]
      await this.#files.resealOne(id, { current: next.keys.current, get: (key) => next.keys.get(key) ?? old.keys.get(key) })
      used = next
    }
  }

  async remove(id: string): Promise<void> {
    if ((await readManifest(this.#options.directory, this.#disk)) !== undefined) await this.#files.remove(id)
  }

  async list(): Promise<readonly string[]> {
    return (await readManifest(this.#options.directory, this.#disk)) === undefined ? [] : this.#files.list()
  }

  async version(): Promise<string | undefined> {
    return this.#opened === undefined ? undefined : this.#files.version(this.#options.clock.now())
  }

  async sync(): Promise<void> {
    if ((await this.#open()) !== undefined) await this.#files.sync()
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
      if (manifest === undefined) {
        // That it could not be made stays said until it can (L9).
        if (this.#manifest !== undefined) this.#shut = { kind: 'unopened' }
        this.#manifest = undefined
        return undefined
      }
      this.#manifest = manifest
      await this.#makeFolder()
      const key = await this.#masterKeys.fetch(currentPlace(manifest), manifest)
      const opened = this.#enter({ manifest, keys: KeyRing.of(manifest, key) })
      void this.#tidy(opened)
      return opened
    } catch (error) {
      throw this.#failed(error)
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
    if (currentPlace(opened.manifest).provider === 'insecure-key-file') {
      this.#options.onWarning(
        'the master key lies in a plain file beside the vault: whoever copies the folder has every login. `authsock vault master-key` changes that',
      )
    }
    return opened
  }

  /** What the user locked stays locked, whatever becomes of an opening that was under way. */
  #failed(error: unknown): Failure {
    const failure = asFailure(error)
    if (this.#shut.kind !== 'by_user') this.#shut = { kind: 'failed', failure }
    return failure
  }

  /** What a crash left: temporary files, records under an old key. Nothing of it keeps anybody waiting. */
  async #tidy(opened: OpenVault): Promise<void> {
    try {
      await this.#files.sweep(this.#options.clock.now())
      if (opened.manifest.keys.length === 1 || foreign(opened) === 'refuse') return
      await this.#withManifest(async () => {
        if (this.#opened === opened && !(await this.#hasMovedOn(opened))) await this.#finishRekey(opened)
      })
    } catch (error) {
      this.#options.onWarning(`the vault could not be tidied: ${asFailure(error).message}`)
    }
  }

  async #create(choice: MasterKeyChoice): Promise<void> {
    if (this.#shut.kind === 'by_user') throw new Failure('vault_locked', 'the vault is locked')
    try {
      await this.#makeFolder()
      if ((await this.#files.list()).length > 0) {
        throw new Failure('record_damaged', 'sealed records are here, but vault.json, which says what opens them, is gone', {
          hint: `restore ${this.#options.directory}/vault.json from a backup, or move the folder away to start anew`,
        })
      }
      await this.#files.probe()
      const vaultId = randomUUID()
      const { key, place } = await this.#masterKeys.make(choice, vaultId)
      const manifest: Manifest = { format: 1, vault_id: vaultId, current: place.key_id, keys: [place] }
      if (await createManifest(this.#options.directory, this.#disk, manifest)) {
        this.#enter({ manifest, keys: KeyRing.of(manifest, key) })
        return
      }
      // Another agent was first: its key counts, ours goes (but not a file that both were told to use).
      if (place.provider === 'keychain' || place.provider === 'passphrase')
        await this.#masterKeys.discard(place, manifest).catch(() => {})
    } catch (error) {
      throw this.#failed(error)
    }
    await this.#open()
  }

  async #unlockWith(passphrase: Redacted<string>): Promise<void> {
    this.#tries.check(this.#options.clock.now())
    const manifest = await readManifest(this.#options.directory, this.#disk)
    this.#manifest = manifest
    const place = manifest === undefined ? undefined : currentPlace(manifest)
    if (manifest === undefined || place?.provider !== 'passphrase') {
      throw new Failure('bad_request', 'this vault has no passphrase', { hint: '`authsock unlock` without one' })
    }
    const key = await this.#masterKeys.fetchByPassphrase(place, passphrase)
    if (key === undefined) {
      this.#tries.wrong(this.#options.clock.now())
      throw new Failure('master_key_wrong', 'this is not the passphrase of the vault', { hint: '`authsock unlock` to try again' })
    }
    this.#tries.right()
    void this.#tidy(this.#enter({ manifest, keys: KeyRing.of(manifest, key) }))
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

  /** The vault has moved to another key: what is in memory is then forgotten. Fails where the manifest is gone. */
  async #hasMovedOn(opened: OpenVault): Promise<boolean> {
    const stored = await readManifest(this.#options.directory, this.#disk)
    if (stored === undefined) throw new Failure('storage_failed', 'the description of the vault is gone: restore vault.json')
    if (stored.current === opened.manifest.current) return false
    await this.#changing
    if (this.#opened === opened) this.#opened = undefined
    return true
  }

  /** Open, under the key that the manifest names now. */
  async #openNow(): Promise<OpenVault> {
    for (;;) {
      const opened = await this.#open()
      if (opened === undefined) throw new Failure('storage_failed', 'the description of the vault is gone: restore vault.json')
      if (!(await this.#hasMovedOn(opened))) return opened
    }
  }

  /** One at a time over all agents: each starts from the manifest that the one before has left. */
  async #withManifest(work: () => Promise<void>): Promise<void> {
    const held = await this.#options.lock.acquire(manifestLock.id, manifestLock.timeout, new AbortController().signal)
    try {
      await work()
    } finally {
      await held.release()
    }
  }

  async #makeFolder(): Promise<void> {
    try {
      await this.#disk.makeFolder(this.#options.directory)
    } catch (error) {
      throw diskFailure(error, `${this.#options.directory} cannot be made`)
    }
  }
}

function stateOf({ code }: Failure): VaultView['state'] {
  if (code === 'vault_locked' || code === 'keychain_locked') return 'locked'
  return code === 'keychain_absent' || code === 'master_key_wrong' ? 'absent' : 'unreachable'
}
