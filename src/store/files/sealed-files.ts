// Records as files: the newest generation, the one before kept beside it, and the order of steps by which one replaces the
// other. After a crash between any two of them one of the two can be read (R2, R10).

import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { Failure } from '../../core/failures.ts'
import type { SealedContent } from '../../core/ports.ts'
import { redact } from '../../core/redacted.ts'
import { type Disk, diskFailure } from './disk.ts'
import { type Header, readHeader, seal, unseal } from './seal.ts'

const suffix = '.sealed'
const former = '.sealed.prev'
const temporaryPattern = /\.[0-9a-f]{16}\.tmp$/
const idPattern = /^[a-z0-9][a-z0-9._-]*$/
/** A file that some crash left behind; no write takes this long. */
const staleAfter = 3_600_000
/** The coarsest steps of a file system's clock: two changes in one step look like one. */
const coarsest = 2_000

export interface Keys {
  readonly current: Uint8Array
  /** By key id: the current one, and an older one while records are being sealed anew. */
  get(keyId: string): Uint8Array | undefined
}

/** A file under a key that is not in hand: `refuse` where another agent may know the key, `damaged` where no key is missing. */
export type Foreign = 'refuse' | 'damaged'

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
   * Fails with record_damaged, master_key_wrong, storage_failed. A newest file whose key is not in hand hides what is
   * before it: that is older, and its refresh token spent.
   */
  async read(id: string, keys: Keys, foreign: Foreign): Promise<SealedContent | undefined> {
    const newest = await this.#file(id, suffix)
    return (newest === undefined ? undefined : this.#open(id, newest, keys)) ?? this.#recover(id, keys, foreign)
  }

  /** Where the newest file could not be opened, or is not there. */
  async #recover(id: string, keys: Keys, foreign: Foreign): Promise<SealedContent | undefined> {
    const [newest, before] = await this.#both(id)
    if (newest === undefined && before === undefined) return undefined
    const content = newest === undefined ? undefined : this.#open(id, newest, keys)
    if (content !== undefined) return content
    const header = newest === undefined ? undefined : readHeader(newest)
    if (foreign === 'refuse' && header !== undefined && keys.get(header.keyId) === undefined) {
      throw new Failure('master_key_wrong', `the record '${id}' was sealed with another master key`)
    }
    const older = before === undefined ? undefined : this.#open(id, before, keys)
    const what = newest === undefined ? 'is missing' : 'is damaged'
    if (older === undefined) {
      throw new Failure('record_damaged', `the record '${id}' ${what}, and so is the generation before it`)
    }
    return { ...older, recovered: `the newest file ${what}; generation ${older.generation} was read` }
  }

  /** Durable when it resolves. */
  async write(id: string, generation: number, content: Uint8Array, keys: Keys, foreign: Foreign): Promise<void> {
    await this.#queue(id, async () => {
      const { generation: known, isSound } = await this.#newest(id, keys, foreign)
      if (known === generation && (await this.#holds(id, content, keys))) {
        // It was written before, and what came after failed: whether it is durable is not known.
        await this.#replace(id, seal(keys.current, id, generation, content), false, () => this.#holds(id, content, keys))
        return
      }
      if (known !== undefined && known >= generation) {
        throw superseded(id, known)
      }
      // Again just before it counts: a machine that slept in between may have been taken for dead (R9).
      const isUnchanged = async (): Promise<boolean> => (await this.#newest(id, keys, foreign)).generation === known
      await this.#replace(id, seal(keys.current, id, generation, content), isSound, isUnchanged)
    })
  }

  async remove(id: string): Promise<void> {
    await this.#queue(id, async () => {
      // The older first, and for good: it must never be what is left.
      for (const ending of [former, suffix]) {
        await this.#disk.remove(this.#path(id, ending))
        await this.#disk.syncFolder(this.#folder)
      }
    })
  }

  async list(): Promise<readonly string[]> {
    const names = await this.#try('the vault cannot be read', () => this.#disk.list(this.#folder))
    const ids = names.flatMap((name) =>
      name.endsWith(suffix) ? [name.slice(0, -suffix.length)] : name.endsWith(former) ? [name.slice(0, -former.length)] : [],
    )
    return [...new Set(ids)].filter((id) => idPattern.test(id)).sort()
  }

  /** Another one once anybody has changed a file; undefined while a change could still look like the one before. */
  async version(now: number): Promise<string | undefined> {
    const names = await this.#disk.namesOf(this.#folder)
    return names === undefined || now - names.changedAt < coarsest ? undefined : names.stamp
  }

  /** Seals a record's files anew under the current key; generations and content stay. Files that cannot be opened stay as they are. */
  async resealOne(id: string, keys: Keys): Promise<void> {
    await this.#queue(id, async () => {
      for (const ending of [former, suffix]) {
        const path = this.#path(id, ending)
        const file = await this.#disk.read(path)
        const header = file === undefined ? undefined : readHeader(file)
        const masterKey = header === undefined ? undefined : keys.get(header.keyId)
        if (file === undefined || header === undefined || masterKey === undefined || masterKey === keys.current) continue
        const content = unseal(masterKey, id, file)
        if (content === undefined) continue
        await this.#place(path, seal(keys.current, id, header.generation, content))
        content.fill(0)
      }
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

  /** Makes names durable that somebody was killed over, or could not make so. */
  sync(): Promise<void> {
    if (this.#syncing === undefined) return this.#sync()
    // One that has begun may miss what has been read since: whoever comes meanwhile shares the next.
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
        // Nothing waits to be written where nothing can be.
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

  async sweep(now: number): Promise<void> {
    for (const name of await this.#disk.list(this.#folder)) {
      if (!temporaryPattern.test(name)) continue
      const path = join(this.#folder, name)
      const at = await this.#disk.modifiedAt(path)
      if (at !== undefined && now - at > staleAfter) await this.#disk.remove(path)
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
    return Promise.all([this.#file(id, suffix), this.#file(id, former)])
  }

  async #holds(id: string, content: Uint8Array, keys: Keys): Promise<boolean> {
    const newest = await this.#file(id, suffix)
    const held = newest === undefined ? undefined : this.#open(id, newest, keys)
    return held !== undefined && Buffer.compare(held.content.reveal(), content) === 0
  }

  /** The newest generation that is sound; what a damaged file says of itself counts for nothing. */
  async #newest(id: string, keys: Keys, foreign: Foreign): Promise<{ generation: number | undefined; isSound: boolean }> {
    const generation = this.#soundGeneration(id, await this.#file(id, suffix), keys, foreign)
    if (generation !== undefined) return { generation, isSound: true }
    return { generation: this.#soundGeneration(id, await this.#file(id, former), keys, foreign), isSound: false }
  }

  #soundGeneration(id: string, file: Buffer | undefined, keys: Keys, foreign: Foreign): number | undefined {
    const header = file === undefined ? undefined : readHeader(file)
    if (file === undefined || header === undefined) return undefined
    if (keys.get(header.keyId) === undefined) return foreign === 'refuse' ? header.generation : undefined
    return this.#open(id, file, keys)?.generation
  }

  /** `keeps`: the newest file is sound, and takes the place of the one before it. */
  async #replace(id: string, file: Buffer, keeps: boolean, isUnchanged: () => Promise<boolean>): Promise<void> {
    const newest = this.#path(id, suffix)
    const temporary = this.#temporary(id)
    const kept = this.#temporary(id)
    await this.#disk.create(temporary, file)
    try {
      if (keeps) {
        await this.#disk.link(newest, kept)
        await this.#disk.rename(kept, this.#path(id, former))
        // POSIX renames nothing where both names are one file already, as after a crash just here.
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

  async #place(path: string, file: Buffer): Promise<void> {
    const temporary = this.#temporary('reseal')
    await this.#disk.create(temporary, file)
    await this.#disk.rename(temporary, path)
  }

  #path(id: string, ending: string): string {
    if (!idPattern.test(id)) throw new Failure('unexpected', `'${id}' is not a record id`)
    return join(this.#folder, id + ending)
  }

  #temporary(id: string): string {
    return join(this.#folder, `${id}.${randomBytes(8).toString('hex')}.tmp`)
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

const superseded = (id: string, known?: number): Failure =>
  new Failure(
    'record_superseded',
    `the record '${id}' ${known === undefined ? 'has changed' : `has generation ${known} already`}: another agent has written it`,
  )
