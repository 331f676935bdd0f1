// Records as files: the newest generation, the previous one beside it, and the order of steps by which one replaces the other.
// After a crash between any two steps one of the two can be read (R2, R10). Only store.ts and rekey.ts use it.

import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { Failure } from '../../core/failures.ts'
import type { SealedContent } from '../../core/ports.ts'
import { redact } from '../../core/redacted.ts'
import { atomicWrite, temporaryName } from '../../platform/fs/atomic-write.ts'
import { type Disk, diskFailure } from '../../platform/fs/disk.ts'
import { type Header, readHeader, seal, unseal } from './seal.ts'

const newestSuffix = '.sealed'
const previousSuffix = '.sealed.prev'
const temporaryPattern = /\.[0-9a-f]{16}\.tmp$/
const idPattern = /^[a-z0-9][a-z0-9._-]*$/
/** No write takes this long: an older temporary file was left by a crash. */
const temporaryMaxAgeMs = 3_600_000
/** The coarsest resolution of a file system's clock: two changes within it may have the same time. */
const clockResolutionMs = 2_000

export interface Keys {
  readonly current: Uint8Array
  /** By key id: the current one, and older ones while records are being resealed. */
  get(keyId: string): Uint8Array | undefined
}

/** For a file sealed with a key that is not at hand: `refuse` if another agent may have the key, `damaged` if no key is missing. */
export type UnknownKeyPolicy = 'refuse' | 'damaged'

export class SealedFiles {
  readonly #folder: string
  readonly #disk: Disk
  readonly #queues = new Map<string, Promise<unknown>>()
  #syncing: Promise<void> | undefined
  #nextSync: Promise<void> | undefined

  constructor(folder: string, disk: Disk) {
    this.#folder = folder
    this.#disk = disk
  }

  /**
   * Fails with record_damaged, master_key_wrong, storage_failed. If the key of the newest file is not at hand, the previous
   * generation is not read either: it is older, and its refresh token is spent.
   */
  async read(id: string, keys: Keys, unknownKey: UnknownKeyPolicy): Promise<SealedContent | undefined> {
    const newest = await this.#file(id, newestSuffix)
    return (newest === undefined ? undefined : this.#open(id, newest, keys)) ?? this.#recover(id, keys, unknownKey)
  }

  /** The newest file is missing or could not be opened. */
  async #recover(id: string, keys: Keys, unknownKey: UnknownKeyPolicy): Promise<SealedContent | undefined> {
    const [newest, previous] = await this.#both(id)
    if (newest === undefined && previous === undefined) return undefined
    const content = newest === undefined ? undefined : this.#open(id, newest, keys)
    if (content !== undefined) return content
    const header = newest === undefined ? undefined : readHeader(newest)
    if (unknownKey === 'refuse' && header !== undefined && keys.get(header.keyId) === undefined) {
      throw new Failure('master_key_wrong', `the record '${id}' was sealed with another master key`)
    }
    const older = previous === undefined ? undefined : this.#open(id, previous, keys)
    const what = newest === undefined ? 'is missing' : 'is damaged'
    if (older === undefined) {
      throw new Failure('record_damaged', `the record '${id}' ${what}, and the previous generation cannot be read either`)
    }
    return { ...older, recovered: `the newest file ${what}; generation ${older.generation} was read` }
  }

  /** Durable when it resolves. */
  async write(id: string, generation: number, content: Uint8Array, keys: Keys, unknownKey: UnknownKeyPolicy): Promise<void> {
    await this.#queue(id, async () => {
      const { generation: known, isSound } = await this.#newest(id, keys, unknownKey)
      if (known === generation && (await this.#holds(id, content, keys))) {
        // An earlier write of it failed after the rename: whether it is durable is not known.
        await this.#replace(id, seal(keys.current, id, generation, content), false, () => this.#holds(id, content, keys))
        return
      }
      if (known !== undefined && known >= generation) {
        throw superseded(id, known)
      }
      // Checked again just before the rename: if this machine slept, its lock may have been taken over (R9).
      const isUnchanged = async (): Promise<boolean> => (await this.#newest(id, keys, unknownKey)).generation === known
      await this.#replace(id, seal(keys.current, id, generation, content), isSound, isUnchanged)
    })
  }

  async remove(id: string): Promise<void> {
    await this.#queue(id, async () => {
      // The previous generation first, durably: it must never be the only one left.
      for (const ending of [previousSuffix, newestSuffix]) {
        await this.#disk.remove(this.#path(id, ending))
        await this.#disk.syncFolder(this.#folder)
      }
    })
  }

  async list(): Promise<readonly string[]> {
    const names = await this.#try('the vault cannot be read', () => this.#disk.list(this.#folder))
    const ids = names.flatMap((name) => recordIdOf(name) ?? [])
    return [...new Set(ids)].filter((id) => idPattern.test(id)).sort()
  }

  /** Changes when any file has changed; undefined while a further change could have the same time stamp. */
  async version(now: number): Promise<string | undefined> {
    const names = await this.#disk.namesOf(this.#folder)
    return names === undefined || now - names.changedAt < clockResolutionMs ? undefined : names.stamp
  }

  /** Reseals a record's files under the current key; generations and content stay. Files that cannot be opened stay as they are. */
  async resealOne(id: string, keys: Keys): Promise<void> {
    await this.#queue(id, async () => {
      for (const ending of [previousSuffix, newestSuffix]) {
        const path = this.#path(id, ending)
        const file = await this.#disk.read(path)
        const header = file === undefined ? undefined : readHeader(file)
        const masterKey = header === undefined ? undefined : keys.get(header.keyId)
        if (file === undefined || header === undefined || masterKey === undefined || masterKey === keys.current) continue
        const content = unseal(masterKey, id, file)
        if (content === undefined) continue
        await atomicWrite(path, seal(keys.current, id, header.generation, content), { disk: this.#disk })
        content.fill(0)
      }
      // Also if nothing was left to do: an agent may have been killed between its rename and its sync.
      await this.#disk.syncFolder(this.#folder)
    })
  }

  /** The ids of the master keys that records are sealed with. */
  async keysInUse(): Promise<ReadonlySet<string>> {
    const used = new Set<string>()
    for (const id of await this.list()) {
      for (const file of await this.#both(id)) {
        const header: Header | undefined = file === undefined ? undefined : readHeader(file)
        if (header !== undefined) used.add(header.keyId)
      }
    }
    return used
  }

  /** Makes durable what an agent has renamed and was killed before it could sync, or could not sync. */
  sync(): Promise<void> {
    if (this.#syncing === undefined) return this.#sync()
    // A sync that has begun may miss what was read since: all later calls share the next one.
    this.#nextSync ??= this.#syncing
      .catch(() => {})
      .then(() => {
        this.#nextSync = undefined
        return this.#sync()
      })
    return this.#nextSync
  }

  #sync(): Promise<void> {
    const syncing = this.#try('the vault cannot be written', async () => {
      try {
        await this.#disk.syncFolder(this.#folder)
      } catch (error) {
        // A read-only file system has nothing to sync.
        if ((error as NodeJS.ErrnoException).code !== 'EROFS') throw error
      }
    }).finally(() => {
      if (this.#syncing === syncing) this.#syncing = undefined
    })
    this.#syncing = syncing
    return syncing
  }

  /** Proves that a record could be written now (R11). */
  async probe(): Promise<void> {
    await this.#try('the vault cannot be written', async () => {
      const path = this.#temporary('probe')
      await this.#disk.create(path, randomBytes(4096))
      await this.#disk.remove(path)
    })
  }

  /** Removes temporary files that a crash left. Their age is counted by the file system's clock alone (L10). */
  async sweep(): Promise<void> {
    const left = (await this.#disk.list(this.#folder)).filter((name) => temporaryPattern.test(name))
    if (left.length === 0) return
    const probe = this.#temporary('probe')
    await this.#disk.create(probe, Buffer.alloc(0))
    try {
      const now = await this.#disk.modifiedAt(probe)
      for (const name of left) {
        const path = join(this.#folder, name)
        const at = await this.#disk.modifiedAt(path)
        if (now !== undefined && at !== undefined && now - at > temporaryMaxAgeMs) await this.#disk.remove(path)
      }
    } finally {
      await this.#disk.remove(probe)
    }
  }

  #open(id: string, file: Buffer, keys: Keys): SealedContent | undefined {
    const header = readHeader(file)
    const masterKey = header === undefined ? undefined : keys.get(header.keyId)
    const content = masterKey === undefined ? undefined : unseal(masterKey, id, file)
    return header === undefined || content === undefined ? undefined : { generation: header.generation, content: redact(content) }
  }

  #file(id: string, ending: string): Promise<Buffer | undefined> {
    return this.#try('the vault cannot be read', () => this.#disk.read(this.#path(id, ending)))
  }

  #both(id: string): Promise<readonly [Buffer | undefined, Buffer | undefined]> {
    return Promise.all([this.#file(id, newestSuffix), this.#file(id, previousSuffix)])
  }

  async #holds(id: string, content: Uint8Array, keys: Keys): Promise<boolean> {
    const newest = await this.#file(id, newestSuffix)
    const held = newest === undefined ? undefined : this.#open(id, newest, keys)
    return held !== undefined && Buffer.compare(held.content.reveal(), content) === 0
  }

  /** The newest generation that can be opened; the header of a damaged file is not believed. */
  async #newest(
    id: string,
    keys: Keys,
    unknownKey: UnknownKeyPolicy,
  ): Promise<{ generation: number | undefined; isSound: boolean }> {
    const generation = this.#soundGeneration(id, await this.#file(id, newestSuffix), keys, unknownKey)
    if (generation !== undefined) return { generation, isSound: true }
    return { generation: this.#soundGeneration(id, await this.#file(id, previousSuffix), keys, unknownKey), isSound: false }
  }

  #soundGeneration(id: string, file: Buffer | undefined, keys: Keys, unknownKey: UnknownKeyPolicy): number | undefined {
    const header = file === undefined ? undefined : readHeader(file)
    if (file === undefined || header === undefined) return undefined
    if (keys.get(header.keyId) === undefined) return unknownKey === 'refuse' ? header.generation : undefined
    return this.#open(id, file, keys)?.generation
  }

  /** `keepsNewest`: the newest file can be opened, and becomes the previous one. */
  async #replace(id: string, file: Buffer, keepsNewest: boolean, isUnchanged: () => Promise<boolean>): Promise<void> {
    const newest = this.#path(id, newestSuffix)
    const temporary = this.#temporary(id)
    const kept = this.#temporary(id)
    await this.#disk.create(temporary, file)
    try {
      if (keepsNewest) {
        await this.#disk.link(newest, kept)
        await this.#disk.rename(kept, this.#path(id, previousSuffix))
        // POSIX rename does nothing if both names are the same file already, as after a crash at this point.
        await this.#disk.remove(kept)
      }
      if (!(await isUnchanged())) throw superseded(id)
      await this.#disk.rename(temporary, newest)
    } catch (error) {
      for (const left of [temporary, kept]) await this.#disk.remove(left).catch(() => {})
      throw error
    }
    await this.#disk.syncFolder(this.#folder)
  }

  #path(id: string, ending: string): string {
    if (!idPattern.test(id)) throw new Failure('unexpected', `'${id}' is not a record id`)
    return join(this.#folder, id + ending)
  }

  #temporary(id: string): string {
    return temporaryName(join(this.#folder, id))
  }

  /** One writer at a time for a record. */
  #queue<T>(id: string, work: () => Promise<T>): Promise<T> {
    const before = this.#queues.get(id) ?? Promise.resolve()
    const result = before.then(() => this.#try(`the record '${id}' cannot be written`, work))
    const settled = result.catch(() => {})
    this.#queues.set(id, settled)
    void settled.then(() => {
      if (this.#queues.get(id) === settled) this.#queues.delete(id)
    })
    return result
  }

  async #try<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw diskFailure(error, what)
    }
  }
}

function recordIdOf(name: string): string | undefined {
  const suffix = [newestSuffix, previousSuffix].find((each) => name.endsWith(each))
  return suffix === undefined ? undefined : name.slice(0, -suffix.length)
}

const superseded = (id: string, known?: number): Failure =>
  new Failure(
    'record_superseded',
    `the record '${id}' ${known === undefined ? 'has changed' : `has generation ${known} already`}: another agent has written it`,
  )
