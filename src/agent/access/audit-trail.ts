// The audit log as the rest of the agent uses it: what was issued and refused, and what happened to sessions, shares and the
// vault. With `audit = "required"` nothing leaves before its line is written.

import { AuditFloods } from '../../audit/flood-control.ts'
import type { AuditEntry } from '../../audit/record.ts'
import type { Config } from '../../config/config.ts'
import type { RequestedCredential } from '../../core/access/access-request.ts'
import type { RuleMatch } from '../../core/access/rules.ts'
import { asFailure, Failure } from '../../core/failures.ts'
import type { Clock } from '../../core/ports.ts'
import type { AccessToken, EpochMs, Target } from '../../core/session/session.ts'
import { defined } from '../../core/util/defined.ts'
import { thenSync } from '../../core/util/then-sync.ts'
import type { EventHub } from '../events.ts'
import type { RequestContext } from './request-context.ts'

export interface AuditTrailPorts {
  readonly clock: Clock
  readonly events: EventHub
  /** Synchronous if it is known. */
  readonly config: () => Config | Promise<Config>
  /** `isUrgent`: the caller waits for it. */
  readonly append: (entry: AuditEntry, isUrgent: boolean) => Promise<void>
}

/** What is refused. `credential`: undefined for what was no request for a credential. */
export interface Refusal {
  readonly credential?: RequestedCredential
  readonly target?: Target
  readonly match?: RuleMatch
}

/** ms between two warnings about the same audit log. */
const warningIntervalMs = 60_000

export class AuditTrail {
  readonly #ports: AuditTrailPorts
  readonly #floods: AuditFloods
  #failure: string | undefined
  #warnedAt: EpochMs = 0

  constructor(ports: AuditTrailPorts) {
    this.#ports = ports
    this.#floods = new AuditFloods(ports.clock, (entry) => void this.#append(entry, false).catch(() => {}))
  }

  /** Why the audit log cannot be written, as far as is known. */
  get failure(): string | undefined {
    return this.#failure
  }

  /** Hands on what was counted and not written yet. */
  close(): void {
    this.#floods.close()
  }

  /** A static secret, before it leaves. Throws (rejects with) storage_failed, too_many_requests. */
  issuedSecret(context: RequestContext, secret: string, expiresAt: EpochMs | undefined, match?: RuleMatch): void | Promise<void> {
    return this.#note({
      at: this.#now(),
      event: 'issued',
      ...whoOf(context),
      credential: 'secret',
      secret,
      ...defined({ expiresAt, rule: ruleNumber(match) }),
    })
  }

  /** A token, or what was had for one, before it leaves. Throws (rejects with) storage_failed, too_many_requests. */
  issuedToken(
    { requester, request }: RequestContext,
    { kind, profile }: Exclude<RequestedCredential, { kind: 'secret' }>,
    token: AccessToken,
    match: RuleMatch | undefined,
  ): void | Promise<void> {
    const { caller, channel } = requester
    const { expiresAt } = token
    const target = kind === 'id_token' ? {} : this.#grantedTarget(token)
    const entry = { at: this.#now(), event: 'issued', caller, channel, request, credential: kind, profile, target } as const
    if (expiresAt === undefined && match === undefined) return this.#note(entry)
    return this.#note({ ...entry, ...defined({ expiresAt, rule: ruleNumber(match) }) })
  }

  /** Never fails: what is refused is refused whether it can be written or not. */
  refused(context: RequestContext, error: unknown, { credential, target, match }: Refusal = {}): void {
    const { code, message } = asFailure(error)
    this.#noteQuietly({
      at: this.#now(),
      event: 'refused',
      ...whoOf(context),
      ...(credential === undefined ? {} : { credential: credential.kind }),
      ...(credential?.kind === 'secret' ? { secret: credential.secret } : defined({ profile: credential?.profile })),
      ...defined({ target, rule: ruleNumber(match) }),
      code,
      reason: message,
    })
  }

  /** What happened to the session of a profile, or to the vault. */
  happened(event: 'logged_in' | 'logged_out' | 'locked' | 'unlocked', profile?: string): void {
    this.#noteQuietly({ at: this.#now(), event, ...defined({ profile }) })
  }

  shareChanged(event: 'shared' | 'unshared', share: string): void {
    this.#noteQuietly({ at: this.#now(), event, channel: { kind: 'share', share } })
  }

  #noteQuietly(entry: AuditEntry): void {
    const noted = this.#note(entry)
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
      throw new Failure('storage_failed', `${asFailure(error).message}, and config.toml has audit = "required"`, {
        hint: 'free disk space or fix its permissions, or set audit = "on"',
        cause: error,
      })
    })
  }

  /** Fails with storage_failed, and warns once a minute at most: on a full disk a short line may fit after a long one did not. */
  async #append(entry: AuditEntry, isUrgent: boolean): Promise<void> {
    try {
      await this.#ports.append(entry, isUrgent)
      this.#failure = undefined
    } catch (error) {
      const text = asFailure(error).message
      const now = this.#now()
      if (this.#failure === undefined && Math.abs(now - this.#warnedAt) >= warningIntervalMs) {
        this.#warnedAt = now
        this.#ports.events.publish({ type: 'warning', text })
      }
      this.#failure = text
      throw error
    }
  }

  /** One object a token: a cached token is issued many times. */
  readonly #granted = new WeakMap<AccessToken, Target>()

  #grantedTarget(token: AccessToken): Target {
    const known = this.#granted.get(token)
    if (known !== undefined) return known
    const target = { ...token.target, scope: token.scope }
    this.#granted.set(token, target)
    return target
  }

  #now(): EpochMs {
    return this.#ports.clock.now()
  }
}

const whoOf = ({ requester: { caller, channel }, request }: RequestContext) => ({ caller, channel, request })

const ruleNumber = (match: RuleMatch | undefined): number | undefined => (match === undefined ? undefined : match.index + 1)

const tooManyLines = (share: string): Failure =>
  new Failure(
    'too_many_requests',
    `audit = "required" writes a line for each token, and the share '${share}' has asked for too many`,
    {
      retryAfter: 1,
    },
  )
