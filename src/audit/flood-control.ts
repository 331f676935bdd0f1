// What a share's clients, or a program of the user's, ask for is theirs to repeat, and the audit keeps so many lines and no more: of
// a flood, what is alike becomes one line with a count, so that it cannot push out what happened before it or elsewhere.

import { TokenBucket } from '../core/util/token-bucket.ts'
import type { AuditEntry } from './record.ts'
import type { Clock } from '../core/ports.ts'

/** Lines of one share, or one process: as many at once, and then so many a second. */
const burst = 200
const perSecond = 0.1
/** Where each must be written before it leaves. */
const perSecondWhereRequired = 1
/** ms for which what is alike is counted. */
const window = 60_000
/** Kinds of lines that are told apart in a flood. */
const maxKinds = 4
/** Sources that are known; of one that asked long ago nothing need be. */
const maxSources = 1024

/** The name of a share, or the number of a process. */
type Source = string | number

interface Held {
  entry: AuditEntry
  count: number
  readonly since: number
}

interface Flood {
  readonly lines: TokenBucket
  readonly required: TokenBucket
  readonly held: Map<string, Held>
  /** The one that was counted last. */
  last?: Held
  cancel?: () => void
}

export class AuditFloods {
  readonly #clock: Clock
  readonly #append: (entry: AuditEntry) => void
  readonly #floods = new Map<Source, Flood>()

  constructor(clock: Clock, append: (entry: AuditEntry) => void) {
    this.#clock = clock
    this.#append = append
  }

  /** Whether a line of its own is left for what may not leave without one. */
  hasRoom(source: Source): boolean {
    return this.#of(source).required.take(this.#clock.now())
  }

  /** Whether it is to be written; else it is counted, and written with others. */
  passes(source: Source, entry: AuditEntry): boolean {
    const flood = this.#of(source)
    if (flood.lines.take(entry.at)) return true
    const { held, last } = flood
    if (last !== undefined && isAlike(last.entry, entry)) {
      last.entry = entry
      last.count += 1
      return false
    }
    const own = keyOf(entry)
    const key = held.has(own) || held.size < maxKinds ? own : entry.event
    const known = held.get(key)
    const counted = known ?? { entry, count: 0, since: entry.at }
    counted.entry = entry
    counted.count += 1
    held.set(key, counted)
    flood.last = counted
    flood.cancel ??= this.#clock.after(window, () => this.#tell(flood))
    return false
  }

  /** The agent stops: what is counted is written. */
  close(): void {
    for (const flood of this.#floods.values()) this.#tell(flood)
    this.#floods.clear()
  }

  #tell(flood: Flood): void {
    flood.cancel?.()
    delete flood.cancel
    for (const { entry, count, since } of flood.held.values()) this.#append({ ...entry, count, since })
    flood.held.clear()
    delete flood.last
  }

  #of(source: Source): Flood {
    const known = this.#floods.get(source)
    if (known !== undefined) return known
    if (this.#floods.size >= maxSources) this.#forgetQuiet()
    const now = this.#clock.now()
    const flood: Flood = {
      lines: new TokenBucket(burst, perSecond, now),
      required: new TokenBucket(burst, perSecondWhereRequired, now),
      held: new Map(),
    }
    this.#floods.set(source, flood)
    return flood
  }

  #forgetQuiet(): void {
    for (const [source, { held }] of this.#floods) if (held.size === 0) this.#floods.delete(source)
  }
}

/** Without a look at what is in it: most of a flood is one thing. */
const isAlike = (a: AuditEntry, b: AuditEntry): boolean =>
  a.event === 'issued' &&
  b.event === 'issued' &&
  a.request === b.request &&
  a.profile === b.profile &&
  a.secret === b.secret &&
  a.target === b.target &&
  programOf(a) === programOf(b)

/** Refusals are alike, whatever was asked. */
const keyOf = (entry: AuditEntry): string => {
  const { event, request, profile, secret, target } = entry
  if (event === 'refused') return event
  const place = `${target?.scope?.join(' ')} ${target?.resource} ${target?.audience}`
  return `${event} ${request} ${profile} ${secret} ${place} ${programOf(entry)}`
}

/** A process may execute another. Behind a share programs are without number, and would use up the kinds. */
const programOf = ({ channel, caller }: AuditEntry): string | undefined =>
  channel?.kind === 'share' ? undefined : caller?.executable
