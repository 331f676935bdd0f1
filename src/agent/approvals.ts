// `ask` rules: the user is asked once for all that wait for the same thing, in whatever way there is, and what he says counts for
// as long as he says. Nobody else waits for it, and a prompt that dies or is never answered is a no for those who wait, and
// nothing more.

import { callerText } from '../core/caller.ts'
import { Failure } from '../core/failures.ts'
import type { Clock } from '../core/ports.ts'
import { type Question, questionText, type Ruling } from '../core/rules.ts'
import type { EpochMs } from '../core/session.ts'
import type { ApprovalReply, ApprovalStatus } from '../wire/messages.ts'

export interface ApprovalsPorts {
  readonly clock: Clock
  readonly newId: () => string
  /** An approval is wanted, or no longer. */
  readonly changed: (status: ApprovalStatus, is: 'requested' | 'settled') => void
  /** Asks on the desktop, where that can be done; undefined: it cannot. Aborted when it is settled otherwise. */
  readonly prompt: (status: ApprovalStatus, signal: AbortSignal) => Promise<ApprovalReply | undefined>
}

/** ms for an answer. */
const patience = 120_000
/** ms for which a no is not asked again. */
const afterNo = 10_000
/** Prompts at once: more would be no choice. */
const mostPending = 32
/** Of them by one share: whoever is behind it is not to cover the screen, nor to keep others from asking. */
const mostOfShare = 4

interface Pending {
  readonly status: ApprovalStatus
  readonly key: string
  readonly promise: Promise<void>
  readonly settle: (failure: Failure | undefined) => void
  readonly lifetime: number | undefined
  readonly share: string | undefined
}

export class Approvals {
  readonly #ports: ApprovalsPorts
  readonly #pending = new Map<string, Pending>()
  /** Until when a yes counts. */
  readonly #granted = new Map<string, EpochMs>()
  readonly #declined = new Map<string, EpochMs>()

  constructor(ports: ApprovalsPorts) {
    this.#ports = ports
  }

  /** Resolves when the user agrees. Fails with approval_declined, approval_required, too_many_requests. */
  async approve(question: Question, { rule, index = 0 }: Ruling): Promise<void> {
    const now = this.#ports.clock.now()
    const key = keyOf(question, index)
    if ((this.#granted.get(key) ?? 0) > now) return
    if ((this.#declined.get(key) ?? 0) > now) throw declined(question, 'was declined a moment ago')
    const waiting = [...this.#pending.values()].find((each) => each.key === key)
    if (waiting !== undefined) return waiting.promise
    if (this.#pending.size >= mostPending) {
      throw new Failure('too_many_requests', `${mostPending} approvals are waiting already`, { retryAfter: 30 })
    }
    const { door } = question.visitor
    const ofDoor = [...this.#pending.values()].filter((each) => door.kind === 'share' && each.share === door.share)
    if (ofDoor.length >= mostOfShare) {
      throw new Failure('too_many_requests', `${mostOfShare} approvals of this share are waiting already`, { retryAfter: 30 })
    }
    return this.#ask(question, key, index, rule?.lifetime).promise
  }

  list(): readonly ApprovalStatus[] {
    return [...this.#pending.values()].map(({ status }) => status)
  }

  /** Throws not_found. */
  answer(id: string, { decision, remember = 'once' }: ApprovalReply): void {
    const pending = this.#pending.get(id)
    if (pending === undefined) {
      throw new Failure('not_found', `there is no approval '${id.slice(0, 40)}' that waits`, {
        hint: '`authsock approve` shows those that do',
      })
    }
    const now = this.#ports.clock.now()
    if (decision === 'deny') {
      for (const [key, until] of this.#declined) if (until <= now) this.#declined.delete(key)
      this.#declined.set(pending.key, now + afterNo)
      pending.settle(declinedBy(pending.status, 'was declined'))
      return
    }
    const until = remember === 'session' ? Infinity : remember === 'once' ? 0 : now + remember * 1000
    const usual = pending.lifetime === undefined ? 0 : now + pending.lifetime * 1000
    this.#granted.set(pending.key, Math.max(until, usual))
    pending.settle(undefined)
  }

  /** The vault is locked, or the agent stops: what was granted for the session is over. */
  forget(): void {
    this.#granted.clear()
    for (const { status, settle } of this.#pending.values()) settle(declinedBy(status, 'was not answered: the vault was locked'))
  }

  #ask(question: Question, key: string, index: number, lifetime: number | undefined): Pending {
    const { clock, newId, changed, prompt } = this.#ports
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const over = new AbortController()
    const status: ApprovalStatus = {
      id: newId(),
      at: Math.floor(clock.now() / 1000),
      text: questionText(question),
      ...fieldsOf(question),
      rule: index + 1,
    }
    const settle = (failure: Failure | undefined): void => {
      if (!this.#pending.delete(status.id)) return
      cancel()
      over.abort()
      changed(status, 'settled')
      if (failure === undefined) resolve()
      else reject(failure)
    }
    const cancel = clock.after(patience, () => settle(declined(question, 'was not answered in time')))
    const { door } = question.visitor
    const share = door.kind === 'share' ? door.share : undefined
    const pending = { status, key, promise, settle, lifetime, share }
    this.#pending.set(status.id, pending)
    // Nobody may be listening, and then it is no defect that it ends in a no.
    promise.catch(() => {})
    changed(status, 'requested')
    void prompt(status, over.signal).then(
      (reply) => {
        if (reply !== undefined && this.#pending.has(status.id)) this.answer(status.id, reply)
      },
      () => {},
    )
    return pending
  }
}

/** What is the same thing for the user: who, what, by which door; not the pid. */
function keyOf({ profile, target, visitor }: Question, index: number): string {
  const { caller, door } = visitor
  return JSON.stringify([index, profile, target, door, caller.executable, caller.container?.id ?? caller.container !== undefined])
}

function fieldsOf({ profile, target, visitor }: Question) {
  return {
    profile,
    caller: callerText(visitor),
    ...(target.scope === undefined ? {} : { scope: target.scope.join(' ') }),
    ...(target.resource === undefined ? {} : { resource: target.resource }),
  }
}

const declined = (question: Question, how: string): Failure =>
  new Failure('approval_declined', `${questionText(question)}: this ${how}`)
const declinedBy = ({ text }: ApprovalStatus, how: string): Failure => new Failure('approval_declined', `${text}: this ${how}`)
