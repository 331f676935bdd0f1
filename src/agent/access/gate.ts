// The one place that every credential passes on its way out: the rules first, then the audit. Who asks is known as a requester.

import type { AuditEntry } from '../../audit/record.ts'
import type { Requester } from '../../core/access/caller.ts'
import { thenSync } from '../../core/util/then-sync.ts'
import { asFailure, Failure } from '../../core/failures.ts'
import type { Clock } from '../../core/ports.ts'
import { type AccessRequest, describeAccessRequest, matchRules, type RuleMatch } from '../../core/access/rules.ts'
import type { AccessToken, EpochMs, Target } from '../../core/session/session.ts'
import type { Share } from '../../core/access/share.ts'
import type { Config } from '../../config/config.ts'
import { AuditFloods } from '../../audit/flood-control.ts'
import type { EventHub } from '../events.ts'

/** Who asks, and with what request: `token`, or a helper's name. */
export interface RequestContext {
  readonly requester: Requester
  readonly request: string
  /** Of the shared socket that it came by (L3). */
  readonly share?: Share
}

export interface GatePorts {
  readonly clock: Clock
  readonly events: EventHub
  /** Synchronous where it is known. */
  readonly config: () => Config | Promise<Config>
  /** `isUrgent`: it is waited for. */
  readonly append: (entry: AuditEntry, isUrgent: boolean) => Promise<void>
  /** Asks the user; rejects where he says no or nobody answers. */
  readonly approve: (question: AccessRequest, match: RuleMatch) => Promise<void>
}

/** ms. */
const untilToldAgain = 60_000

export class Gate {
  readonly #ports: GatePorts
  readonly #floods: AuditFloods
  #trouble: string | undefined
  #toldAt: EpochMs = 0

  constructor(ports: GatePorts) {
    this.#ports = ports
    this.#floods = new AuditFloods(ports.clock, (entry) => void this.#append(entry, false).catch(() => {}))
  }

  /** Why the audit log cannot be written, as far as is known. */
  get trouble(): string | undefined {
    return this.#trouble
  }

  /** The agent stops: what was counted is handed on to be written. */
  close(): void {
    this.#floods.close()
  }

  /** `name`: of a profile or a secret. Throws (rejects with) denied, approval_*. */
  check(context: RequestContext, name: string, target: Target): void | Promise<void> {
    return thenSync(this.#ports.config(), (config) => this.#check(config, context, name, target))
  }

  #check({ rules }: Config, context: RequestContext, name: string, target: Target): void | Promise<void> {
    if (rules.length === 0) return
    const question = { profile: name, target, requester: context.requester }
    const match = matchRules(rules, question)
    if (match.decision === 'allow') return
    if (match.decision === 'ask') return this.#ports.approve(question, match)
    throw new Failure('denied', `rule ${(match.index ?? 0) + 1} denies it: ${describeAccessRequest(question)}`)
  }

  /** Before it leaves. Where the user set `audit = "required"`, it leaves only when this has resolved. */
  issued(context: RequestContext, what: Pick<AuditEntry, 'profile' | 'secret' | 'target' | 'expiresAt'>): void | Promise<void> {
    return this.#note({ at: this.#now(), event: 'issued', ...this.#who(context), ...what })
  }

  /** The same of an access token, which is asked for most. */
  issuedToken({ requester, request }: RequestContext, profile: string, token: AccessToken): void | Promise<void> {
    const { caller, channel } = requester
    const { expiresAt } = token
    const entry = { at: this.#now(), event: 'issued', caller, channel, request, profile, target: grantedTarget(token) } as const
    return this.#note(expiresAt === undefined ? entry : { ...entry, expiresAt })
  }

  /** Never fails: what was refused is refused whether it can be written or not. */
  refused(context: RequestContext, name: string | undefined, target: Target, error: unknown): void {
    const { code, message } = asFailure(error)
    const entry: AuditEntry = {
      at: this.#now(),
      event: 'refused',
      ...this.#who(context),
      target,
      code,
      reason: message,
      ...(name === undefined ? {} : { profile: name }),
    }
    const noted = this.#note(entry)
    if (noted instanceof Promise) noted.catch(() => {})
  }

  /** What happened to a session or the vault. */
  happened(event: AuditEntry['event'], name?: string): void {
    const isShare = event === 'shared' || event === 'unshared'
    const named = name === undefined ? {} : isShare ? { channel: { kind: 'share', share: name } as const } : { profile: name }
    const noted = this.#note({ at: this.#now(), event, ...named })
    if (noted instanceof Promise) noted.catch(() => {})
  }

  #note(entry: AuditEntry): void | Promise<void> {
    return thenSync(this.#ports.config(), (config) => this.#write(config, entry))
  }

  #write({ audit }: Config, entry: AuditEntry): void | Promise<void> {
    if (audit === 'off') return
    const { channel, event, caller } = entry
    const isRequired = audit === 'required' && event === 'issued'
    if (event === 'issued' || event === 'refused') {
      const share = channel?.kind === 'share' ? channel.share : undefined
      if (isRequired && share !== undefined && !this.#floods.hasRoom(share)) throw tooManyLines(share)
      if (!isRequired && !this.#floods.passes(share ?? caller?.pid ?? 0, entry)) return
    }
    const written = this.#append(entry, isRequired)
    if (!isRequired) return void written.catch(() => {})
    return written.catch((error: unknown) => {
      throw new Failure('storage_failed', `${asFailure(error).message}, and config.toml says that nothing leaves without it`, {
        hint: 'free some disk space or mend its permissions, or set audit = "on"',
        cause: error,
      })
    })
  }

  /** Fails with storage_failed, which is told once a minute at most: on a full disk one line may fit where the one before it did not. */
  async #append(entry: AuditEntry, isUrgent: boolean): Promise<void> {
    try {
      await this.#ports.append(entry, isUrgent)
      this.#trouble = undefined
    } catch (error) {
      const text = asFailure(error).message
      const now = this.#now()
      if (this.#trouble === undefined && Math.abs(now - this.#toldAt) >= untilToldAgain) {
        this.#toldAt = now
        this.#ports.events.publish({ type: 'warning', text })
      }
      this.#trouble = text
      throw error
    }
  }

  #who({ requester, request }: RequestContext) {
    return { caller: requester.caller, channel: requester.channel, request }
  }

  #now(): EpochMs {
    return this.#ports.clock.now()
  }
}

/** What it was granted, for the audit. */
const grantedTargets = new WeakMap<AccessToken, Target>()

function grantedTarget(token: AccessToken): Target {
  const known = grantedTargets.get(token)
  if (known !== undefined) return known
  const target = { ...token.target, scope: token.scope }
  grantedTargets.set(token, target)
  return target
}

const tooManyLines = (share: string): Failure =>
  new Failure('too_many_requests', `each token is written to the audit log, and the share '${share}' has asked for too many`, {
    retryAfter: 1,
  })
