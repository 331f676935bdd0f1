// The store of this machine, called the vault in commands and messages: sealed records behind one master key. Only the agent uses
// it. Whether it is open is in vault.ts, the files in files/ and manifest/, the master keys in keys/, the change of the key in rekey.ts.

import { randomUUID } from 'node:crypto'
import { Failure, asFailure } from '../core/failures.ts'
import type { Clock, RecordStore, SealedContent, SessionLock } from '../core/ports.ts'
import type { Redacted } from '../core/redacted.ts'
import { type Disk, diskFailure, realDisk } from '../platform/fs/disk.ts'
import { SealedFiles } from './files/sealed-files.ts'
import { KeyRing, type OpenVault, unknownKeyPolicy } from './keys/key-ring.ts'
import { type MasterKeyChoice, MasterKeys } from './keys/master-keys.ts'
import type { KeyLocation, Manifest } from './manifest/manifest.ts'
import { ManifestFile } from './manifest/manifest-file.ts'
import { ManifestNote } from './manifest/note.ts'
import { publicKeyOf, signManifest } from './manifest/signature.ts'
import { finishRekey, type RekeyPorts, startRekey } from './rekey.ts'
import type { VaultView } from './state.ts'
import { Vault } from './vault.ts'

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
  readonly #vault: Vault
  #holdsManifestLock = false

  constructor(options: StoreOptions) {
    const { directory, clock, named, noteFile, onWarning: warn, disk = realDisk } = options
    this.#options = options
    this.#disk = disk
    this.#files = new SealedFiles(directory, disk)
    this.#masterKeys = new MasterKeys(directory, disk, named)
    this.#manifests = new ManifestFile({
      directory,
      disk,
      warn,
      exclusively: (work) => (this.#holdsManifestLock ? work() : this.#withManifest(work, upgradeTimeoutMs)),
      ...(noteFile === undefined ? {} : { note: new ManifestNote(noteFile, warn) }),
    })
    this.#vault = new Vault({
      manifests: this.#manifests,
      masterKeys: this.#masterKeys,
      clock,
      warn,
      makeFolder: () => this.#makeFolder(),
      onOpened: (vault) => void this.#tidy(vault),
    })
  }

  /** As last known; reads no file and asks no keychain. */
  status(): VaultView {
    return this.#vault.status()
  }

  /** Opens the vault without asking the user, if there is one. Fails with vault_locked, vault_changed, keychain_*, master_key_*. */
  async open(): Promise<void> {
    await this.#vault.open()
  }

  /** R11: opens the vault, creates it if there is none, and proves that key and disk can be written. */
  async prepare(): Promise<void> {
    if ((await this.#vault.open()) === undefined) {
      await this.#withManifest(async () => {
        if ((await this.#vault.open()) === undefined) await this.#create(this.#options.named ?? { provider: 'keychain' })
      })
    }
    await this.probe()
  }

  /** Opens the vault after `lock`, or with its passphrase. Fails with master_key_wrong, unlock_throttled, vault_locked, keychain_*. */
  unlock(passphrase?: Redacted<string>): Promise<void> {
    return this.#vault.unlock(passphrase)
  }

  /** Overwrites the keys in memory; only `unlock` opens the vault again. */
  lock(): void {
    this.#vault.lock('user')
  }

  /** Overwrites the keys in memory; the next access opens the vault again. */
  close(): void {
    this.#vault.lock('default')
  }

  /** Reseals every record under a new key. A crash at any point loses nothing: the next opening continues. */
  async changeMasterKey(choice: MasterKeyChoice): Promise<void> {
    // An upgrade of the manifest takes its lock: the vault is opened before the lock is taken here.
    await this.#vault.open()
    await this.#withManifest(async () => {
      if ((await this.#vault.open()) === undefined) return this.#create(choice)
      const before = await this.#vault.openCurrent('refuse')
      const ports = this.#rekeyPorts()
      return this.#vault.rekey(
        before,
        () => startRekey(ports, before, choice),
        (vault) => finishRekey(ports, vault),
      )
    })
  }

  /** Removes the master key, the older ones too, from where they are kept: the vault is lost once it is closed. Fails as `open` does. */
  async discardMasterKey(): Promise<void> {
    if ((await this.#vault.open()) === undefined) return
    await this.#withManifest(async () => {
      const { manifest } = await this.#vault.openCurrent('refuse')
      for (const location of manifest.keys) await this.#masterKeys.discard(location, manifest.vault_id)
    })
  }

  async read(id: string): Promise<SealedContent | undefined> {
    const vault = await this.#vault.open()
    if (vault === undefined) return undefined
    try {
      return await this.#files.read(id, vault.keys, 'refuse')
    } catch (error) {
      if (asFailure(error).code !== 'master_key_wrong') throw error
      // Another agent may have changed the master key since.
      if ((await this.#vault.isSuperseded(vault)) || !this.#vault.isOpenWith(vault)) return this.read(id)
      if (unknownKeyPolicy(vault) === 'refuse') throw error
      return this.#files.read(id, vault.keys, 'damaged')
    }
  }

  async write(id: string, generation: number, content: Uint8Array): Promise<void> {
    if ((await this.#vault.open()) === undefined) throw new Failure('storage_failed', 'the vault has not been created yet')
    const vault = await this.#vault.openCurrent()
    await this.#files.write(id, generation, content, vault.keys, unknownKeyPolicy(vault))
    // A change of the master key that did not see this file may have removed its key: reseal it before the write counts.
    for (let used = vault; await this.#vault.isSuperseded(used);) {
      const [old, next] = [used, await this.#vault.openCurrent()]
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
    return this.#vault.opened === undefined ? undefined : this.#files.version(this.#options.clock.now())
  }

  async sync(): Promise<void> {
    if ((await this.#vault.open()) !== undefined) await this.#files.sync()
  }

  async probe(): Promise<void> {
    await this.#makeFolder()
    await this.#files.probe()
  }

  async #create(choice: MasterKeyChoice): Promise<void> {
    const created = await this.#vault.create(() => this.#makeVault(choice))
    // Another agent was first.
    if (created === undefined) await this.#vault.open()
  }

  /** Undefined if another agent was first: its key counts. */
  async #makeVault(choice: MasterKeyChoice): Promise<OpenVault | undefined> {
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
    if (await this.#manifests.create(manifest)) return { manifest, keys: KeyRing.of(manifest, key) }
    // Our key is removed, unless it is a file that both agents were told to use.
    if (location.provider === 'keychain' || location.provider === 'passphrase')
      await this.#masterKeys.discard(location, vaultId).catch(() => {})
    return undefined
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
        if (!this.#vault.isOpenWith(vault) || (await this.#vault.isSuperseded(vault, 'refuse'))) return
        await this.#vault.finishRekey(this.#vault.opened ?? vault, (each) => finishRekey(this.#rekeyPorts(), each))
      })
    } catch (error) {
      this.#options.onWarning(`the vault could not be tidied: ${asFailure(error).message}`)
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

  async #makeFolder(): Promise<void> {
    try {
      await this.#disk.makeFolder(this.#options.directory)
    } catch (error) {
      throw diskFailure(error, `${this.#options.directory} cannot be created`)
    }
  }
}

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
