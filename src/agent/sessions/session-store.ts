// Session records in the vault: what id each has, and the generation that the seal vouches for.

import { Failure } from '../../core/failures.ts'
import type { RecordStore } from '../../core/ports.ts'
import { decodeRecord, encodeRecord } from '../../core/session/record.ts'
import type { SessionRecord } from '../../core/session/session.ts'
import type { RollbackDetector } from '../../store/files/rollback-detector.ts'

const prefix = 'session.'

export class SessionStore {
  readonly #records: RecordStore
  readonly #warn: (text: string) => void
  readonly #seen: Pick<RollbackDetector, 'isOutdated' | 'note'> | undefined

  constructor(records: RecordStore, warn: (text: string) => void, seen?: Pick<RollbackDetector, 'isOutdated' | 'note'>) {
    this.#records = records
    this.#warn = warn
    this.#seen = seen
  }

  static lockId(profile: string): string {
    return prefix + profile
  }

  /** Fails with vault_locked, keychain_*, record_damaged. */
  async load(profile: string): Promise<SessionRecord | undefined> {
    const sealed = await this.#records.read(prefix + profile)
    if (sealed === undefined) return undefined
    const record = decodeRecord(sealed.content.reveal(), profile, sealed.generation)
    if (sealed.recovered !== undefined) this.#warn(`session '${profile}': ${sealed.recovered}`)
    else await this.#checkAge(record)
    return record
  }

  /** R13. */
  async #checkAge(record: SessionRecord): Promise<void> {
    const id = prefix + record.profile
    if ((await this.#seen?.isOutdated(id, seenOf(record))) !== true) return
    // Another agent may have written between the two looks.
    if ((await this.#records.read(id))?.generation !== record.generation) return
    this.#warn(
      `session '${record.profile}' is older than it was: the vault was restored or copied. Its refresh token may have been used since, and the next refresh may end in a login`,
    )
  }

  /** As `load`, and what it gives is durable. */
  async loadDurable(profile: string): Promise<SessionRecord | undefined> {
    const record = await this.load(profile)
    // Another agent may have been killed between writing it and making it so, or be between the two.
    if (record !== undefined) await this.#records.sync()
    return record
  }

  /** Durable when it resolves. */
  async save(record: SessionRecord): Promise<void> {
    await this.#records.write(prefix + record.profile, record.generation, encodeRecord(record))
    this.#seen?.note(prefix + record.profile, seenOf(record))
  }

  async remove(profile: string): Promise<void> {
    await this.#records.remove(prefix + profile)
  }

  /** What a new record of the profile must exceed. */
  latestGeneration(profile: string, now: number): Promise<number> {
    return latestGeneration(this.#records, prefix + profile, now)
  }
}

const seenOf = ({ loggedInAt, generation }: SessionRecord) => ({ login: loggedInAt, generation })

/** The generation that a new record must exceed. A damaged record's is unknown: no counter has reached the clock. */
export async function latestGeneration(records: RecordStore, id: string, now: number): Promise<number> {
  try {
    return (await records.read(id))?.generation ?? 0
  } catch (error) {
    if (error instanceof Failure && error.code === 'record_damaged') return now
    throw error
  }
}
