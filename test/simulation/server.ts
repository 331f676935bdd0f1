// An authorization server as IDENTITY-SERVERS are known to be, and the network in front of it: grace periods, reuse counts,
// families that are revoked, answers that are lost, late or doubled. It knows the truth that the agents have to guess.

import { Failure } from '../../src/core/failures.ts'
import type { AuthorizationServer, TokenOutcome } from '../../src/core/ports.ts'
import type { TokenRefusal } from '../../src/core/session/token-refusal.ts'
import { redact } from '../../src/core/redacted.ts'
import type { Target } from '../../src/core/session/session.ts'
import type { Process, Scheduler } from './scheduler.ts'

export interface ServerHabits {
  readonly rotates: boolean
  /** Seconds for which a used refresh token is answered with the current one. */
  readonly grace: number
  /** How often the token before may be used again. */
  readonly reuse: number
  /** Reuse revokes the whole family. */
  readonly revokesFamily: boolean
  /** Seconds. */
  readonly accessTokenLife: number
  /** One request for a resource in so many is refused for it. */
  readonly refusesTargetOnceIn: number
  /** It uses up the refresh token before it looks at the resource. */
  readonly spendsBeforeRefusing: boolean
}

export interface NetworkTroubles {
  /** One request in so many meets one of these. */
  readonly onceIn: number
  /** ms at most of a good answer. */
  readonly latency: number
}

export interface Family {
  readonly id: number
  /** The number of the refresh token that is good. */
  current: number
  rotatedAt: number
  reused: number
  revoked: string | undefined
  /** Why the client may not have `current`: what happened to the answer that held it. */
  lost: string | undefined
}

/** A refresh as it is sent. */
export interface Sent {
  readonly family: Family
  readonly number: number
  readonly process: Process
  readonly target: Target
  readonly at: number
  /** The server has acted on it: its refresh token is spent. */
  isSpent: boolean
}

const notArrived = 'the answer did not arrive'
/** ms after which the client gives up. */
const patience = 30_000

export class SimulatedServer {
  readonly habits: ServerHabits
  readonly families = new Map<number, Family>()
  readonly inFlight = new Set<Sent>()
  onSend: (sent: Sent) => void = () => {}
  onRefused: (family: Family, number: number) => void = () => {}
  /** A refusal that passes: the refresh token is as good as it was. */
  onRefusedForNow: (family: Family) => void = () => {}
  onTargetRefused: (sent: Sent) => void = () => {}
  isHealthy = false
  refreshes = 0
  readonly #scheduler: Scheduler
  readonly #troubles: NetworkTroubles
  #tokens = 0

  constructor(scheduler: Scheduler, habits: ServerHabits, troubles: NetworkTroubles) {
    this.#scheduler = scheduler
    this.habits = habits
    this.#troubles = troubles
  }

  of(process: Process): AuthorizationServer {
    const now = (): number => Math.floor(this.#scheduler.now + process.host.offset)
    return {
      login: async () => {
        await this.#scheduler.pause(3_000, process)
        const family: Family = {
          id: this.families.size + 1,
          current: 1,
          rotatedAt: 0,
          reused: 0,
          revoked: undefined,
          lost: undefined,
        }
        this.families.set(family.id, family)
        return { ...this.#tokensOf(family), receivedAt: now() }
      },
      refresh: ({ refreshToken, target }, signal) => this.#refresh(process, refreshToken.reveal(), target, signal, now),
      renewByGrant: () => Promise.reject(new Error('every session here has a refresh token')),
      revoke: async () => 'revoked',
    }
  }

  familyOf(refreshToken: string): { readonly family: Family; readonly number: number } {
    const [, id, number] = refreshToken.split('-').map(Number)
    const family = this.families.get(id ?? 0)
    if (family === undefined || number === undefined) throw new Error(`${refreshToken} was never given`)
    return { family, number }
  }

  #refresh(
    process: Process,
    refreshToken: string,
    target: Target,
    signal: AbortSignal,
    now: () => number,
  ): Promise<TokenOutcome> {
    const { family, number } = this.familyOf(refreshToken)
    const sent: Sent = { family, number, process, target, at: this.#scheduler.now, isSpent: false }
    this.onSend(sent)
    this.inFlight.add(sent)
    return new Promise((resolve) => {
      let isOver = false
      const over = (outcome: TokenOutcome): void => {
        if (isOver) return
        isOver = true
        this.inFlight.delete(sent)
        resolve(outcome)
      }
      const answer = (outcome: TokenOutcome): void => {
        // The answer is on its way to a process that may die, or give up, before it is there.
        if (outcome.kind === 'tokens') family.lost ??= notArrived
        this.#scheduler.after(this.#scheduler.random.between(0, this.#troubles.latency), process, () => {
          if (outcome.kind === 'tokens' && isOver) family.lost = 'the answer came too late'
          else if (outcome.kind === 'tokens' && family.lost === notArrived) family.lost = undefined
          else if (outcome.kind === 'invalid_grant' && !isOver) this.onRefused(family, number)
          else if (outcome.kind === 'may_pass' && !isOver) this.onRefusedForNow(family)
          else if (outcome.kind === 'refused' && !isOver) this.onTargetRefused(sent)
          over(outcome.kind === 'tokens' ? { ...outcome, response: { ...outcome.response, receivedAt: now() } } : outcome)
        })
      }
      this.#scheduler.after(patience, process, () => over(refusal('no_answer', 'server_timeout')))
      signal.addEventListener('abort', () => over(refusal('no_answer', 'cancelled')), { once: true })
      const hasGivenUp = (): boolean => isOver || !process.isAlive || process.host.asleepUntil > this.#scheduler.now
      this.#deliver(sent, answer, over, hasGivenUp)
    })
  }

  #deliver(
    sent: Sent,
    answer: (outcome: TokenOutcome) => void,
    over: (outcome: TokenOutcome) => void,
    hasGivenUp: () => boolean,
  ): void {
    const { random } = this.#scheduler
    const { family } = sent
    const travel = random.between(0, this.#troubles.latency)
    const arrive = (delay: number, then: (outcome: TokenOutcome) => void): void => {
      this.#scheduler.after(delay, undefined, () => then(this.#handle(sent, hasGivenUp())))
    }
    const lose = (outcome: TokenOutcome): void => {
      if (outcome.kind === 'tokens') family.lost = 'the answer was lost'
    }
    const later = (outcome: TokenOutcome): void => {
      this.#scheduler.after(travel, undefined, () => over(outcome))
    }
    if (this.isHealthy || !random.once(this.#troubles.onceIn)) return arrive(travel, answer)
    // A server in trouble stays so for a while: busy answers follow on lost ones.
    if (family.lost === 'the answer was lost' && random.once(2)) return later(refusal('busy', 'server_unavailable'))
    switch (random.below(10)) {
      case 0:
        return later(refusal('not_sent', 'server_unreachable'))
      case 1:
        return later(refusal('busy', 'server_unavailable', random.below(120)))
      case 2:
        return later(refusal('no_answer', 'server_unavailable'))
      case 3:
        // 502 after the upstream has committed, or a reset.
        return arrive(travel, (outcome) => {
          lose(outcome)
          later(refusal('no_answer', 'server_invalid_response'))
        })
      case 4:
        // Nothing comes, ever.
        return arrive(travel, lose)
      case 5:
        // It arrives when the client has long given up.
        return arrive(random.between(0, 2 * patience), answer)
      case 6:
        return later(refusal('client_refused', 'client_refused'))
      case 7:
        return later(refusal('no_verdict', 'server_invalid_response'))
      case 8:
        this.#scheduler.after(travel, undefined, () => answer(refusal('may_pass', 'server_refused')))
        return undefined
      default:
        // A proxy sends it twice and passes the second answer on.
        return arrive(travel, (first) => {
          if (first.kind === 'tokens') family.lost = 'a proxy sent it twice'
          arrive(travel, answer)
        })
    }
  }

  /** What the server does with it: the moment at which a token is spent. */
  #handle(sent: Sent, isLate: boolean): TokenOutcome {
    const { family, number } = sent
    const { rotates, grace, reuse, revokesFamily } = this.habits
    if (family.revoked !== undefined) return refusal('invalid_grant', 'server_refused')
    const refusesTarget =
      sent.target.resource !== undefined && !this.isHealthy && this.#scheduler.random.once(this.habits.refusesTargetOnceIn)
    if (refusesTarget && !this.habits.spendsBeforeRefusing) return refusal('refused', 'server_refused')
    if (number !== family.current) {
      const isBefore = number === family.current - 1
      const isInGrace = isBefore && this.#scheduler.now - family.rotatedAt <= grace * 1000
      if (!isInGrace && !(isBefore && family.reused < reuse)) {
        if (revokesFamily) family.revoked = `token ${number} was used again when ${family.current} was good`
        if (revokesFamily && isLate) family.lost = 'a request arrived when it was given up long ago'
        return refusal('invalid_grant', 'server_refused')
      }
      family.reused += 1
    } else if (rotates) {
      family.current += 1
      sent.isSpent = true
      family.rotatedAt = this.#scheduler.now
      family.reused = 0
      family.lost = undefined
    }
    if (refusesTarget) {
      if (sent.isSpent) family.lost = 'it was used up by a request for a resource that was refused'
      return refusal('refused', 'server_refused')
    }
    this.refreshes += 1
    return { kind: 'tokens', response: { ...this.#tokensOf(family), receivedAt: 0 } }
  }

  #tokensOf(family: Family) {
    this.#tokens += 1
    return {
      accessToken: redact(`access-${family.id}-${this.#tokens}`),
      tokenType: 'Bearer',
      expiresIn: this.habits.accessTokenLife,
      refreshToken: redact(`refresh-${family.id}-${family.current}`),
    }
  }
}

function refusal(kind: TokenRefusal['kind'], code: Failure['code'], retryAfter?: number): TokenRefusal {
  return { kind, failure: new Failure(code, `the network: ${kind}`, retryAfter === undefined ? {} : { retryAfter }) }
}
