// `ask` rules: the user is asked once for all that wait for the same thing, in whatever way there is, and what he says counts for
// as long as he says. Nobody else waits for it, and a prompt that dies or is never answered is a no for those who wait, and
// nothing more.

import { lastingRule } from '../../core/access/approval.ts'
import { callerText, type Container } from '../../core/access/caller.ts'
import { asFailure, Failure } from '../../core/failures.ts'
import { sanitizeForDisplay } from '../../core/util/text.ts'
import type { Clock } from '../../core/ports.ts'
import { type AccessRequest, describeAccessRequest, type Rule, type RuleMatch } from '../../core/access/rules.ts'
import type { EpochMs } from '../../core/session/session.ts'
import type { ApprovalAnswer, ApprovalReply, ApprovalStatus } from '../../wire/messages.ts'

/** `none`: nobody answered. */
type Decision = ApprovalReply['decision'] | 'none'

export interface ApprovalsPorts {
  readonly clock: Clock
  readonly newId: () => string
  readonly requested: (status: ApprovalStatus) => void
  readonly settled: (status: ApprovalStatus, decision: Decision) => void
  /** Asks on the desktop, where that can be done; undefined: it cannot. Aborted when it is settled otherwise. */
  readonly prompt: (status: ApprovalStatus, signal: AbortSignal) => Promise<ApprovalReply | undefined>
  /** The desktop cannot be asked: the user has to be told in another way that somebody waits. */
  readonly cannotPrompt: (status: ApprovalStatus) => void
  /** Writes a rule into config.toml, right before the one that asked. Fails where that cannot be done. */
  readonly write: (rule: Rule, before: Rule) => Promise<Required<Pick<ApprovalAnswer, 'config' | 'rule' | 'line' | 'text'>>>
  /** What became of an `always`. Whoever said it by a request is told by the answer. */
  readonly lasting: (status: ApprovalStatus, answer: ApprovalAnswer, by: 'prompt' | 'request') => void
}

/** ms for an answer. */
const patience = 120_000
/** ms for which a no is not asked again. */
const afterNo = 10_000
/** Approvals that wait at once: more would be no choice. */
const maxPending = 32
/** Of them by one share: whoever is behind it is not to cover the screen, nor to keep others from asking. */
const maxOfShare = 4

interface Pending {
  readonly status: ApprovalStatus
  readonly question: AccessRequest
  readonly rule: Rule
  readonly key: string
  readonly promise: Promise<void>
  readonly settle: (decision: Decision, failure?: Failure) => void
  readonly share: string | undefined
  /** Aborted when it is settled. */
  readonly signal: AbortSignal
  wasShown: boolean
}

export class Approvals {
  readonly #ports: ApprovalsPorts
  readonly #pending = new Map<string, Pending>()
  /** Until when a yes, or a no, counts. */
  readonly #granted = new Map<string, EpochMs>()
  readonly #declined = new Map<string, EpochMs>()
  /** Who has a window on the screen. */
  readonly #showing = new Set<string>()

  constructor(ports: ApprovalsPorts) {
    this.#ports = ports
  }

  /** Resolves when the user agrees. Fails with approval_declined, too_many_requests. */
  async approve(question: AccessRequest, { rule = { decision: 'ask' }, index = 0 }: RuleMatch): Promise<void> {
    const now = this.#ports.clock.now()
    const key = keyOf(question, rule)
    if ((this.#granted.get(key) ?? 0) > now) return
    if ((this.#declined.get(key) ?? 0) > now) throw declined(describeAccessRequest(question), 'was declined before')
    const waiting = [...this.#pending.values()].find((each) => each.key === key)
    if (waiting !== undefined) return waiting.promise
    if (this.#pending.size >= maxPending) {
      throw new Failure('too_many_requests', `${maxPending} approvals are waiting already`, { retryAfter: 30 })
    }
    const { channel } = question.requester
    const ofDoor = [...this.#pending.values()].filter((each) => channel.kind === 'share' && each.share === channel.share)
    if (ofDoor.length >= maxOfShare) {
      throw new Failure('too_many_requests', `${maxOfShare} approvals of this share are waiting already`, { retryAfter: 30 })
    }
    return this.#ask(question, key, rule, index).promise
  }

  list(): readonly ApprovalStatus[] {
    return [...this.#pending.values()].map(({ status }) => status)
  }

  /** Those who wait have their answer at once; what is for always is then written down. Throws not_found. */
  answer(id: string, reply: ApprovalReply, by: 'prompt' | 'request' = 'request'): Promise<ApprovalAnswer> | undefined {
    const pending = this.#pending.get(id)
    if (pending === undefined) {
      throw new Failure('not_found', `there is no approval '${id.slice(0, 40)}' that waits`, {
        hint: '`authsock approve` shows those that do',
      })
    }
    const { decision, remember = 'once' } = reply
    const { key, rule, status } = pending
    const now = this.#ports.clock.now()
    const until = typeof remember === 'number' ? now + remember * 1000 : remember === 'once' ? 0 : Infinity
    if (decision === 'deny') {
      for (const [key, until] of this.#declined) if (until <= now) this.#declined.delete(key)
      this.#declined.set(key, Math.max(until, now + afterNo))
      pending.settle('deny', declined(status.text, 'was declined'))
    } else {
      this.#granted.set(key, Math.max(until, now + (rule.lifetime ?? 0) * 1000))
      pending.settle('allow')
    }
    return remember === 'always' ? this.#writeDown(pending, decision, by) : undefined
  }

  /** The vault is locked, or the agent stops: what was said for the session is over. */
  forget(why = 'the vault was locked'): void {
    this.#granted.clear()
    this.#declined.clear()
    for (const { status, settle } of this.#pending.values()) settle('none', declined(status.text, `was not answered: ${why}`))
  }

  /** Never fails: what cannot be written counts for the session. */
  async #writeDown(
    { status, question, key, rule }: Pending,
    decision: 'allow' | 'deny',
    by: 'prompt' | 'request',
  ): Promise<ApprovalAnswer> {
    const answer = await this.#written(decision, question, key, rule)
    this.#ports.lasting(status, answer, by)
    return answer
  }

  async #written(decision: 'allow' | 'deny', question: AccessRequest, key: string, asked: Rule): Promise<ApprovalAnswer> {
    try {
      const written = await this.#ports.write(lastingRule(decision, question), asked)
      // config.toml says it from now on, until the user takes it out there.
      for (const said of [this.#granted, this.#declined]) said.delete(key)
      return { remembered: 'always', ...written }
    } catch (error) {
      return { remembered: 'session', detail: asFailure(error).message }
    }
  }

  #ask(question: AccessRequest, key: string, rule: Rule, index: number): Pending {
    const { clock, newId, requested, settled } = this.#ports
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const over = new AbortController()
    const status: ApprovalStatus = {
      id: newId(),
      at: Math.floor(clock.now() / 1000),
      text: describeAccessRequest(question),
      ...fieldsOf(question),
      rule: index + 1,
    }
    const settle = (decision: Decision, failure?: Failure): void => {
      if (!this.#pending.delete(status.id)) return
      cancel()
      over.abort()
      settled(status, decision)
      if (failure === undefined) resolve()
      else reject(failure)
    }
    const cancel = clock.after(patience, () => settle('none', declined(status.text, 'was not answered in time')))
    const { channel } = question.requester
    const share = channel.kind === 'share' ? channel.share : undefined
    const pending = { status, question, rule, key, promise, settle, share, signal: over.signal, wasShown: false }
    this.#pending.set(status.id, pending)
    // Nobody may be listening, and then it is no defect that it ends in a no.
    promise.catch(() => {})
    requested(status)
    this.#show()
    return pending
  }

  /** One window for each who asks: whoever asks for ever new things covers no screen, and nobody else's question. */
  #show(): void {
    const { prompt, cannotPrompt } = this.#ports
    for (const pending of this.#pending.values()) {
      const { status, question, signal } = pending
      const source = sourceOf(question)
      if (pending.wasShown || this.#showing.has(source)) continue
      pending.wasShown = true
      this.#showing.add(source)
      void prompt(status, signal)
        .catch(() => undefined)
        .then((reply) => {
          this.#showing.delete(source)
          if (this.#pending.has(status.id)) {
            if (reply === undefined) cannotPrompt(status)
            else void this.answer(status.id, reply, 'prompt')
          }
          this.#show()
        })
    }
  }
}

/** Whoever is in a container calls its programs as he likes: they are one. */
const sourceOf = ({ requester: { caller, channel } }: AccessRequest): string =>
  JSON.stringify(
    channel.kind === 'share' ? channel : caller.container.kind === 'none' ? caller.executable : [containerName(caller.container)],
  ) ?? ''

/** What is the same thing for the user: who, what, by which channel; not the pid. The rule by what it says: its place may change. */
function keyOf({ profile, target, requester }: AccessRequest, rule: Rule): string {
  const { caller, channel } = requester
  return JSON.stringify([rule, profile, target, channel, caller.executable, caller.container])
}

function fieldsOf({ profile, target, requester }: AccessRequest) {
  const { caller, channel } = requester
  const resource = target.resource ?? target.audience
  return {
    profile,
    caller: callerText(requester),
    ...(caller.executable === undefined ? {} : { executable: caller.executable }),
    ...(caller.container.kind === 'none' ? {} : { container: containerName(caller.container) }),
    ...(channel.kind === 'share' ? { share: channel.share } : {}),
    ...(target.scope === undefined ? {} : { scope: target.scope.join(' ') }),
    ...(resource === undefined ? {} : { resource }),
  }
}

const containerName = (container: Container): string => (container.kind === 'inside' ? (container.id ?? 'unknown') : 'unknown')

const declined = (text: string, how: string): Failure => new Failure('approval_declined', `${text}: this ${how}`)

/** For a window that has room for more than a sentence. */
export const approvalDetails = ({ id, executable, rule }: ApprovalStatus): readonly string[] => [
  ...(executable === undefined ? [] : [`Program: ${sanitizeForDisplay(executable)}`]),
  `Rule ${rule} of config.toml asks. For other answers: authsock approve ${id}`,
]
