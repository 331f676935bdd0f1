// What must always hold, whoever did what: looked at when a refresh is sent or refused, when something has become durable,
// and when a caller is answered.

import type { Profile } from '../../src/core/profile.ts'
import { decodeRecord } from '../../src/core/session/record.ts'
import type { AccessToken, LiveSession, SessionRecord } from '../../src/core/session/session.ts'
import { unseal } from '../../src/store/files/seal.ts'
import type { SimulatedDisk } from './disk.ts'
import type { Host, Process, Scheduler } from './scheduler.ts'
import type { Family, Sent, SimulatedServer } from './server.ts'

const second = 1000
const minute = 60 * second
/** From the decision to refresh until it is sent: waiting for the lock, and writing the intent. */
const maxDecision = 60 * second
/** What was begun before a sleep is done within this after it. */
const wakingUp = second

export interface Subject {
  readonly scheduler: Scheduler
  readonly server: SimulatedServer
  readonly disk: SimulatedDisk
  readonly hosts: readonly Host[]
  readonly profile: Profile
  readonly masterKey: Buffer
  /** The files of the session: the newest generation, and the one before. */
  readonly newest: string
  readonly former: string
  readonly say: (text: string) => void
}

export class Checks {
  /** The first that did not hold. */
  broken: string | undefined
  readonly #subject: Subject
  /** By family: the highest refresh token, and all access tokens, that have ever been durable. */
  readonly #durableNumbers = new Map<number, number>()
  readonly #durableTokens = new Set<string>()
  /** Access tokens that were written, and gone before that was durable, through nobody's fault. */
  readonly #overtakenTokens = new Set<string>()
  readonly #refused = new Set<Family>()
  readonly #sent: Sent[] = []
  readonly #refusedForNow = new Set<Family>()
  readonly #targetsRefused: { readonly sent: Sent; readonly at: number }[] = []
  #damagedAt = 0
  /** Whose newer record was replaced by a machine that had slept over it (docs/reliability.md). */
  readonly #putBack = new Set<Family>()

  constructor(subject: Subject) {
    this.#subject = subject
    subject.server.onSend = (sent) => this.#onSend(sent)
    subject.server.onRefused = (family, number) => this.#onRefused(family, number)
    subject.server.onRefusedForNow = (family) => this.#refusedForNow.add(family)
    subject.server.onTargetRefused = (sent) => this.#targetsRefused.push({ sent, at: subject.scheduler.now })
    subject.disk.onDurable = () => this.#onDurable()
    subject.disk.onOvertaken = (path, file, how) => {
      if (path === subject.newest) this.#onOvertaken(file, how)
    }
  }

  fail(text: string): void {
    this.broken ??= text
  }

  answered(process: Process, token: AccessToken): void {
    const value = token.value.reveal()
    if (!this.#durableTokens.has(value) && !this.#overtakenTokens.has(value))
      this.fail(`R2: ${value} has left the agent before it was durable`)
    const now = this.#subject.scheduler.now + process.host.offset
    if (token.expiresAt !== undefined && token.expiresAt < now - 1) this.fail(`R8: ${value} has left the agent after its end`)
  }

  /** The newest file was damaged: what it said may be forgotten. */
  damaged(): void {
    this.#damagedAt = this.#subject.scheduler.now
    for (const family of this.#subject.server.families.values()) family.lost ??= 'its file was damaged'
  }

  /** What the dead one had been given, or was being given, and had not made durable. */
  killed(process: Process): void {
    for (const family of this.#subject.server.families.values()) {
      const last = this.#sent.findLast((sent) => sent.family === family)
      if (last?.process !== process || family.current <= this.#durableNumber(family)) continue
      family.lost = 'the agent was killed before it was durable'
    }
  }

  /** A login is asked for. Gives what explains it. */
  loginRequired(state: LiveSession | undefined, reason: string): string {
    const refreshToken = state === undefined || state.kind === 'absent' ? undefined : state.record.refreshToken
    const family = refreshToken === undefined ? undefined : this.#subject.server.familyOf(refreshToken.reveal()).family
    if (family !== undefined && !this.#refused.has(family) && this.#refusedForNow.has(family)) return 'it was refused for now'
    if (family !== undefined && !this.#refused.has(family))
      this.fail('R7: a login is asked for, and the server has refused nothing')
    return (family === undefined ? undefined : this.#explanation(family)) ?? reason
  }

  /** While somebody is logged in, the session is on the disk. */
  kept(): void {
    const { disk, newest, former } = this.#subject
    if (disk.current(newest) === undefined && disk.current(former) === undefined)
      this.fail('R5: the session was deleted, and the user has not')
  }

  #onSend(sent: Sent): void {
    const { server, scheduler, say } = this.#subject
    const { family, number } = sent
    this.#sent.push(sent)
    if (this.#sent.length > 50) this.#sent.shift()
    say(`refresh token ${family.id}-${number} is sent`)
    for (const other of server.inFlight) {
      // Whoever sleeps with a request under way is taken for dead after a while (R9).
      const hasSlept = other.process.host.awakeSince > other.at || other.process.host.asleepUntil > scheduler.now
      if (other.family === family && other.process.isAlive && !hasSlept) this.fail('R1: a refresh is in flight already')
    }
    this.#checkRefusedTarget(sent)
    const durable = this.#readDurable()
    const known = durable?.refreshToken === undefined ? undefined : server.familyOf(durable.refreshToken.reveal())
    if (durable === undefined || known?.family !== family) return
    if (known.number > number) this.fail(`refresh token ${number} is sent, though ${known.number} is durable`)
    if (durable.intent === undefined) this.fail('R3: nothing durable says that this refresh token may be spent')
    this.#checkReplay(sent, durable)
  }

  /** R17: a target that was refused is not requested again at once, by whichever agent. */
  #checkRefusedTarget(sent: Sent): void {
    const { scheduler, disk, hosts } = this.#subject
    const last = this.#targetsRefused.findLast((each) => each.sent.family === sent.family)
    if (last === undefined || sent.target.resource === undefined || scheduler.now - last.at > 50 * second) return
    // It is remembered once it could be written, and for as long as clocks agree.
    if (!disk.isReliable || disk.fullUntil > last.at - minute || this.#awakeFor() < minute || this.#damagedAt > last.at) return
    if (!last.sent.process.isAlive || hosts.some(({ clockSetAt }) => clockSetAt > last.at - 10 * minute)) return
    if (Math.abs(last.sent.process.host.offset - sent.process.host.offset) > 10 * second) return
    if (this.#sent.some((each) => each !== sent && each.at > last.at && each.target.resource !== undefined)) return
    this.fail(`R17: a refused target is requested again after ${Math.round((scheduler.now - last.at) / second)} s`)
  }

  /** R4: what may have been spent is not sent again while an access token lives, unless a grace period is known. */
  #checkReplay(sent: Sent, durable: SessionRecord): void {
    const { host } = sent.process
    // Whoever slept between its last look and the rename that followed has put an older record back, and nobody knows.
    if (this.#putBack.has(sent.family)) return
    // A server that has refused it once has drawn its conclusions: the retries of R18 spend nothing more.
    if (this.#refused.has(sent.family)) return
    const spent = this.#sent.filter((each) => each !== sent && isOf(each, sent) && each.at > this.#damagedAt && each.isSpent)
    const wasSpent = spent.length > 0
    // After a refused target, other targets are requested as usual (R17).
    const wasAnswered = spent.every((each) => this.#targetsRefused.some(({ sent }) => sent === each))
    if (wasAnswered && sent.target.resource !== undefined) return
    const token = durable.accessTokens[0]
    const now = this.#subject.scheduler.now + host.offset
    if (!wasSpent || this.#subject.profile.refreshGrace > 0 || token?.expiresAt === undefined) return
    // It is decided before the lock is waited for, by the clock as it was then; another host's may be ahead of it.
    const isOfOldClock = host.clockSetAt > sent.at - maxDecision
    const isSure = now - maxDecision >= token.obtainedAt - 10 * second
    if (!isSure || isOfOldClock || now >= token.expiresAt - 2 * second - 1) return
    const left = ((token.expiresAt - now) / second).toFixed(1)
    this.fail(`R4: ${sent.family.id}-${sent.number} is sent again while an access token lives (${left} s)`)
  }

  #onRefused(family: Family, number: number): void {
    family.lost ??= this.#keptAsleep(family, number)
    this.#refused.add(family)
    const why = this.#explanation(family)
    this.#subject.say(
      `refresh token ${family.id}-${number} is refused (${family.revoked ?? 'used'}; ${why ?? 'no reason known'})`,
    )
    if (why === undefined) this.fail(`R14: the session is lost, and nothing explains it (${family.revoked ?? 'refused'})`)
    if (why === 'the answer was lost') this.#checkGrace(family, number)
  }

  #checkGrace(family: Family, number: number): void {
    const { profile, server, disk, scheduler } = this.#subject
    const tries = this.#sent.filter((sent) => isOf(sent, { family, number }))
    const first = tries[0]
    const grace = Math.min(profile.refreshGrace, server.habits.grace) * second
    if (first === undefined || !first.process.isAlive || first.process.host.awakeSince >= first.at) return
    // One that was long under way leaves no time for another.
    if (scheduler.now - (tries.at(-1)?.at ?? 0) > 10 * second) return
    // An intent that is older, since its first attempt was not sent, ends the grace period earlier: that errs on the safe side.
    const intentAt = (this.#readDurable()?.intent?.at ?? 0) - first.process.host.offset
    if (intentAt < first.at - 30 * second || disk.fullUntil >= first.at) return
    if (grace >= 60 * second && tries.length < 3) this.fail(`R4: a known grace period of ${grace / second} s was not used`)
  }

  #explanation({ revoked, lost }: Family): string | undefined {
    return revoked === 'an administrator' ? revoked : lost
  }

  /** The answer is on its way to, or in the memory of, an agent whose machine slept: others had to go on without. */
  #keptAsleep(family: Family, number: number): string | undefined {
    // Also of a replay, which gets the answer again and spends nothing; and it may be saved while the other's request is on its way.
    const hasSlept = this.#sent.some((sent) => isOf(sent, { family, number }) && sent.process.host.awakeSince > sent.at)
    return hasSlept ? 'its machine slept before it was saved' : undefined
  }

  #durableNumber({ id }: Family): number {
    return this.#durableNumbers.get(id) ?? 0
  }

  #onDurable(): void {
    const record = this.#readDurable()
    if (record === undefined) return
    for (const token of record.accessTokens) this.#durableTokens.add(token.value.reveal())
    if (record.refreshToken === undefined) return
    const { family, number } = this.#subject.server.familyOf(record.refreshToken.reveal())
    if (number < this.#durableNumber(family)) this.#overwritten(family)
    this.#durableNumbers.set(family.id, Math.max(number, this.#durableNumber(family)))
  }

  /**
   * A record has taken the place of a newer one. A machine that falls asleep between its last look and its rename does that when
   * it wakes up, or has it done to itself by whoever took it for dead; a damaged file is replaced by what is older.
   */
  #overwritten(family: Family): void {
    const awakeFor = this.#awakeFor()
    // A write takes many steps, and each its time.
    if (awakeFor < 60 * second) family.lost ??= 'its machine slept while it was saved'
    if (awakeFor < wakingUp) this.#putBack.add(family)
  }

  /** Between another's rename and its sync: by a logout, or by who has taken a sleeping one's lock and knows nothing of its rename. */
  #onOvertaken(file: Buffer, how: 'replaced' | 'removed'): void {
    if (how === 'replaced' && this.#awakeFor() >= wakingUp) return
    for (const token of this.#open(file)?.accessTokens ?? []) this.#overtakenTokens.add(token.value.reveal())
  }

  /** ms since a machine last woke up. */
  #awakeFor(): number {
    const { scheduler, hosts } = this.#subject
    return Math.min(...hosts.map(({ awakeSince }) => (awakeSince > 0 ? scheduler.now - awakeSince : Infinity)))
  }

  #readDurable(): SessionRecord | undefined {
    const { disk, newest } = this.#subject
    const file = disk.durable(newest)
    return file === undefined ? undefined : this.#open(file)
  }

  #open(file: Buffer): SessionRecord | undefined {
    const content = unseal(this.#subject.masterKey, 'session.work', file)
    return content === undefined ? undefined : decodeRecord(content, 'work', Number(file.readBigUInt64BE(13)))
  }
}

const isOf = (sent: Sent, { family, number }: { readonly family: Family; readonly number: number }): boolean =>
  sent.family === family && sent.number === number
