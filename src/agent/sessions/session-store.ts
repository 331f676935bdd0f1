// Session records in the store: their ids, their JSON form, and the check for a restored or copied store (R13).

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
    // Another agent may have written between the two reads.
    if ((await this.#records.read(id))?.generation !== record.generation) return
    this.#warn(
      `session '${record.profile}' is older than the last one seen: the vault was restored or copied. Its refresh token may have been used since then; if the server refuses it, a new login is needed`,
    )
  }

  /** As `load`; the record is durable when it resolves. */
  async loadDurable(profile: string): Promise<SessionRecord | undefined> {
    const record = await this.load(profile)
    // Another agent may have been killed between its rename and its sync, or be between the two.
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

  /** A new record of the profile must have a higher generation. */
  latestGeneration(profile: string, now: number): Promise<number> {
    return latestGeneration(this.#records, prefix + profile, now)
  }
}

const seenOf = ({ loggedInAt, generation }: SessionRecord) => ({ login: loggedInAt, generation })

/** The generation that a new record must exceed. That of a damaged record is unknown; the time in ms is higher than any counter. */
export async function latestGeneration(records: RecordStore, id: string, now: number): Promise<number> {
  try {
    return (await records.read(id))?.generation ?? 0
  } catch (error) {
    if (error instanceof Failure && error.code === 'record_damaged') return now
    throw error
  }
}
