// Approvals of `ask` rules. Requests that ask for the same thing wait for one answer; each source has at most one window on the
// screen, so that nobody can cover another's question. A prompt that fails or times out denies those who wait, and nothing more.

import { type AccessRequest, credentialName, describeAccessRequest, effectiveScope } from '../../core/access/access-request.ts'
import { lastingRule } from '../../core/access/approval.ts'
import { callerText, type Container } from '../../core/access/caller.ts'
import type { Rule, RuleMatch } from '../../core/access/rules.ts'
import { asFailure, Failure } from '../../core/failures.ts'
import type { Clock } from '../../core/ports.ts'
import type { EpochMs } from '../../core/session/session.ts'
import { defined } from '../../core/util/defined.ts'
import { sanitizeForDisplay } from '../../core/util/text.ts'
import type { ApprovalAnswer, ApprovalReply, ApprovalStatus } from '../../wire/messages.ts'

/** `none`: no answer came. */
type ApprovalDecision = ApprovalReply['decision'] | 'none'

type WrittenRule = Required<Pick<ApprovalAnswer, 'config' | 'rule' | 'line' | 'text'>>

export interface ApprovalsPorts {
  readonly clock: Clock
  readonly newId: () => string
  readonly requested: (status: ApprovalStatus) => void
  readonly settled: (status: ApprovalStatus, decision: ApprovalDecision) => void
  /** Whether the clients of a share may ask another question now (S9). */
  readonly mayAsk: (share: string) => boolean
  /** Asks on the desktop; undefined if that cannot be done. Aborted when the approval is settled otherwise. */
  readonly prompt: (status: ApprovalStatus, signal: AbortSignal) => Promise<ApprovalReply | undefined>
  /** The desktop cannot be asked: the user has to be notified in another way. */
  readonly cannotPrompt: (status: ApprovalStatus) => void
  /** Writes a rule into config.toml, right before the one that asked. Rejects if that cannot be done. */
  readonly write: (rule: Rule, before: Rule) => Promise<WrittenRule>
  /** The result of an answer for always. A client that answered by a request has it as the response. */
  readonly lasting: (status: ApprovalStatus, answer: ApprovalAnswer, by: 'prompt' | 'request') => void
}

const answerTimeoutMs = 120_000
/** ms for which the same request is denied without being asked again. */
const denialMs = 10_000
/** Approvals that wait at once, and those of one share. */
const maxPending = 32
const maxPendingOfShare = 4

interface Pending {
  readonly status: ApprovalStatus
  readonly request: AccessRequest
  readonly rule: Rule
  readonly key: string
  readonly promise: Promise<void>
  readonly settle: (decision: ApprovalDecision, failure?: Failure) => void
  readonly share: string | undefined
  /** Aborted when it is settled. */
  readonly signal: AbortSignal
  wasShown: boolean
}

export class Approvals {
  readonly #ports: ApprovalsPorts
  readonly #pending = new Map<string, Pending>()
  /** Until when an answer counts, by request. */
  readonly #granted = new Map<string, EpochMs>()
  readonly #denied = new Map<string, EpochMs>()
  /** The sources that have a window on the screen. */
  readonly #showing = new Set<string>()

  constructor(ports: ApprovalsPorts) {
    this.#ports = ports
  }

  /** Resolves when the user allows the request. Rejects with approval_declined, too_many_requests. */
  async approve(request: AccessRequest, { rule, index }: RuleMatch): Promise<void> {
    const now = this.#ports.clock.now()
    const key = keyOf(request, rule)
    if ((this.#granted.get(key) ?? 0) > now) return
    if ((this.#denied.get(key) ?? 0) > now) throw declined(describeAccessRequest(request), 'was denied before')
    const waiting = [...this.#pending.values()].find((each) => each.key === key)
    if (waiting !== undefined) return waiting.promise
    this.#checkRoom(request)
    return this.#ask(request, key, rule, index).promise
  }

  list(): readonly ApprovalStatus[] {
    return [...this.#pending.values()].map(({ status }) => status)
  }

  /** Whether somebody waits for an answer, or one is remembered. */
  get isInUse(): boolean {
    const now = this.#ports.clock.now()
    return this.#pending.size > 0 || [...this.#granted.values(), ...this.#denied.values()].some((until) => until > now)
  }

  /** Answers those who wait at once; the result of an answer for always follows. Throws not_found. */
  answer(id: string, reply: ApprovalReply, by: 'prompt' | 'request' = 'request'): Promise<ApprovalAnswer> | undefined {
    const pending = this.#pending.get(id)
    if (pending === undefined) {
      throw new Failure('not_found', `there is no pending approval '${sanitizeForDisplay(id, 40)}'`, {
        hint: '`authsock approve` lists the pending ones',
      })
    }
    const { decision, remember = 'once' } = reply
    const { key, rule, status } = pending
    const now = this.#ports.clock.now()
    const until = typeof remember === 'number' ? now + remember * 1000 : remember === 'once' ? 0 : Infinity
    if (decision === 'deny') {
      for (const [key, until] of this.#denied) if (until <= now) this.#denied.delete(key)
      this.#denied.set(key, Math.max(until, now + denialMs))
      pending.settle('deny', declined(status.text, 'was denied'))
    } else {
      this.#granted.set(key, Math.max(until, now + (rule.lifetime ?? 0) * 1000))
      pending.settle('allow')
    }
    return remember === 'always' ? this.#remember(pending, decision, by) : undefined
  }

  /** The vault is locked, or the agent stops: answers for the session no longer count. */
  forget(why = 'the vault was locked'): void {
    this.#granted.clear()
    this.#denied.clear()
    for (const { status, settle } of this.#pending.values()) settle('none', declined(status.text, `was not answered: ${why}`))
  }

  #checkRoom({ requester: { channel } }: AccessRequest): void {
    const tooMany = (text: string): Failure => new Failure('too_many_requests', text, { retryAfter: 30 })
    if (this.#pending.size >= maxPending) throw tooMany(`${maxPending} approvals are pending already`)
    if (channel.kind !== 'share') return
    const ofShare = [...this.#pending.values()].filter((each) => each.share === channel.share)
    if (ofShare.length >= maxPendingOfShare) throw tooMany(`${maxPendingOfShare} approvals of this share are pending already`)
    if (!this.#ports.mayAsk(channel.share)) throw tooMany('the clients of this share, or of all shares, have asked too often')
  }

  /** Never rejects: an answer that cannot be written counts for the session. */
  async #remember(pending: Pending, decision: 'allow' | 'deny', by: 'prompt' | 'request'): Promise<ApprovalAnswer> {
    const answer = await this.#write(pending, decision)
    this.#ports.lasting(pending.status, answer, by)
    return answer
  }

  async #write({ request, key, rule }: Pending, decision: 'allow' | 'deny'): Promise<ApprovalAnswer> {
    try {
      const written = await this.#ports.write(lastingRule(decision, request, rule), rule)
      // From now on config.toml has the answer, until the user removes it there.
      this.#granted.delete(key)
      this.#denied.delete(key)
      return { remembered: 'always', ...written }
    } catch (error) {
      return { remembered: 'session', detail: asFailure(error).message }
    }
  }

  #ask(request: AccessRequest, key: string, rule: Rule, index: number): Pending {
    const { clock, newId, requested, settled } = this.#ports
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const over = new AbortController()
    const status = statusOf(newId(), clock.now(), request, index)
    const settle = (decision: ApprovalDecision, failure?: Failure): void => {
      if (!this.#pending.delete(status.id)) return
      cancelTimeout()
      over.abort()
      settled(status, decision)
      if (failure === undefined) resolve()
      else reject(failure)
    }
    const cancelTimeout = clock.after(answerTimeoutMs, () => settle('none', declined(status.text, 'was not answered in time')))
    const { channel } = request.requester
    const share = channel.kind === 'share' ? channel.share : undefined
    const pending = { status, request, rule, key, promise, settle, share, signal: over.signal, wasShown: false }
    this.#pending.set(status.id, pending)
    // The caller may have hung up: a denial that nobody waits for is not an unhandled rejection.
    promise.catch(() => {})
    requested(status)
    this.#show()
    return pending
  }

  /** One window for each source at a time. */
  #show(): void {
    for (const pending of this.#pending.values()) {
      const source = sourceOf(pending.request)
      if (pending.wasShown || this.#showing.has(source)) continue
      pending.wasShown = true
      this.#showing.add(source)
      void this.#prompt(pending).finally(() => {
        this.#showing.delete(source)
        this.#show()
      })
    }
  }

  async #prompt({ status, signal }: Pending): Promise<void> {
    const { prompt, cannotPrompt } = this.#ports
    const reply = await prompt(status, signal).catch(() => undefined)
    if (!this.#pending.has(status.id)) return
    if (reply === undefined) cannotPrompt(status)
    else void this.answer(status.id, reply, 'prompt')
  }
}

/** A share, or a container, is one source: programs in it have whatever names they like. */
function sourceOf({ requester: { caller, channel } }: AccessRequest): string {
  if (channel.kind === 'share') return JSON.stringify(channel)
  return JSON.stringify(caller.container.kind === 'none' ? (caller.executable ?? '') : [containerName(caller.container)])
}

/** What is the same request for the user: caller without its pid, channel, credential, target. The rule by its content: its index may change. */
function keyOf(request: AccessRequest, rule: Rule): string {
  const { credential, target, requester } = request
  const { caller, channel } = requester
  const { resource, audience } = target
  return JSON.stringify([
    rule,
    credential,
    effectiveScope(request),
    resource,
    audience,
    channel,
    caller.executable,
    caller.container,
  ])
}

function statusOf(id: string, now: EpochMs, request: AccessRequest, index: number): ApprovalStatus {
  const { credential, target, requester } = request
  const { caller, channel } = requester
  const { resource, audience } = target
  const scope = effectiveScope(request)?.join(' ')
  const name = credentialName(credential)
  return {
    id,
    at: Math.floor(now / 1000),
    text: describeAccessRequest(request),
    credential: credential.kind,
    ...(credential.kind === 'secret' ? { secret: name } : { profile: name }),
    caller: callerText(requester),
    ...defined({ pid: caller.pid, executable: caller.executable }),
    ...(caller.container.kind === 'none' ? {} : { container: containerName(caller.container) }),
    ...(channel.kind === 'share' ? { share: channel.share } : {}),
    ...defined({ scope, resource, audience }),
    rule: index + 1,
  }
}

const containerName = (container: Container): string =>
  container.kind === 'inside' ? (container.id ?? 'unknown') : container.kind

const declined = (text: string, how: string): Failure => new Failure('approval_declined', `${text}: this ${how}`)

/** For a window that has room for more than a sentence. */
export const approvalDetails = ({ id, executable, rule }: ApprovalStatus): readonly string[] => [
  ...(executable === undefined ? [] : [`Program: ${sanitizeForDisplay(executable)}`]),
  `Rule ${rule} of config.toml requires an approval. To answer in a terminal: authsock approve ${id}`,
]
