// Bounds what one share, or one process, can write to the audit log: after a burst, events that are alike are counted and written as
// one line with the count, so that a flood cannot push out older lines or those of others.

import type { Clock } from '../core/ports.ts'
import { TokenBucket } from '../core/util/token-bucket.ts'
import type { AuditEntry } from './record.ts'

/** Lines of one source: so many at once, then so many a second. */
const burst = 200
const perSecond = 0.1
/** If each line must be written before its token leaves. */
const perSecondIfRequired = 1
/** Events that are alike are counted for so long, then written. */
const countingMs = 60_000
/** Kinds of lines that are told apart in a flood. */
const maxKinds = 4
/** Beyond this number, sources that have nothing to write are forgotten. */
const maxSources = 1024

/** The name of a share, or the number of a process. */
type Source = string | number

interface CountedLine {
  entry: AuditEntry
  count: number
  readonly since: number
}

interface Flood {
  readonly lines: TokenBucket
  readonly requiredLines: TokenBucket
  readonly counted: Map<string, CountedLine>
  /** The line that was counted last. */
  last?: CountedLine
  cancelTimer?: () => void
}

export class AuditFloods {
  readonly #clock: Clock
  readonly #append: (entry: AuditEntry) => void
  readonly #floods = new Map<Source, Flood>()

  constructor(clock: Clock, append: (entry: AuditEntry) => void) {
    this.#clock = clock
    this.#append = append
  }

  /** Takes one of the lines that may not be counted: the token leaves only if its line is written. */
  hasRoom(source: Source): boolean {
    return this.#of(source).requiredLines.take(this.#clock.now())
  }

  /** Whether the caller writes the line; otherwise it is counted, and written with others. */
  passes(source: Source, entry: AuditEntry): boolean {
    const flood = this.#of(source)
    if (flood.lines.take(entry.at)) return true
    const { counted, last } = flood
    if (last !== undefined && isAlike(last.entry, entry)) {
      last.entry = entry
      last.count += 1
      return false
    }
    const own = keyOf(entry)
    const key = counted.has(own) || counted.size < maxKinds ? own : entry.event
    const line = counted.get(key) ?? { entry, count: 0, since: entry.at }
    line.entry = entry
    line.count += 1
    counted.set(key, line)
    flood.last = line
    flood.cancelTimer ??= this.#clock.after(countingMs, () => this.#write(flood))
    return false
  }

  /** Writes what is counted: the agent stops. */
  close(): void {
    for (const flood of this.#floods.values()) this.#write(flood)
    this.#floods.clear()
  }

  #write(flood: Flood): void {
    flood.cancelTimer?.()
    delete flood.cancelTimer
    for (const { entry, count, since } of flood.counted.values()) this.#append({ ...entry, count, since })
    flood.counted.clear()
    delete flood.last
  }

  #of(source: Source): Flood {
    const known = this.#floods.get(source)
    if (known !== undefined) return known
    if (this.#floods.size >= maxSources) this.#forgetIdle()
    const now = this.#clock.now()
    const flood: Flood = {
      lines: new TokenBucket(burst, perSecond, now),
      requiredLines: new TokenBucket(burst, perSecondIfRequired, now),
      counted: new Map(),
    }
    this.#floods.set(source, flood)
    return flood
  }

  #forgetIdle(): void {
    for (const [source, { counted }] of this.#floods) if (counted.size === 0) this.#floods.delete(source)
  }
}

/** Compares without building a key: most events of a flood are the same. */
const isAlike = (a: AuditEntry, b: AuditEntry): boolean =>
  a.event === 'issued' &&
  b.event === 'issued' &&
  a.request === b.request &&
  a.profile === b.profile &&
  a.secret === b.secret &&
  a.target === b.target &&
  programOf(a) === programOf(b)

/** All refusals are alike, whatever was requested. */
const keyOf = (entry: AuditEntry): string => {
  const { event, request, profile, secret, target } = entry
  if (event === 'refused') return event
  const targetKey = `${target?.scope?.join(' ')} ${target?.resource} ${target?.audience}`
  return `${event} ${request} ${profile} ${secret} ${targetKey} ${programOf(entry)}`
}

/** A process may execute another program. Programs behind a share are without number, and would use up the kinds. */
const programOf = ({ channel, caller }: AuditEntry): string | undefined =>
  channel?.kind === 'share' ? undefined : caller?.executable
