// The one place that every credential passes on its way out: the rules first, then the audit. Who asks is known as a visitor.

import type { AuditEntry } from '../core/audit.ts'
import type { Visitor } from '../core/caller.ts'
import { asFailure, Failure } from '../core/failures.ts'
import type { Clock } from '../core/ports.ts'
import { type Question, questionText, rule, type Ruling } from '../core/rules.ts'
import type { EpochMs, Target } from '../core/session.ts'
import type { Share } from '../core/share.ts'
import type { Config } from '../config/config.ts'
import type { EventHub } from './events.ts'

/** Who asks, and with what request: `token`, or a helper's name. */
export interface Asker {
  readonly visitor: Visitor
  readonly request: string
  /** Of the shared socket that it came by (L3). */
  readonly share?: Share
}

export interface GatePorts {
  readonly clock: Clock
  readonly events: EventHub
  /** Synchronous where it is known. */
  readonly config: () => Config | Promise<Config>
  readonly append: (entry: AuditEntry) => Promise<void>
  /** Asks the user; rejects where he says no or nobody answers. */
  readonly approve: (question: Question, ruling: Ruling) => Promise<void>
}

export class Gate {
  readonly #ports: GatePorts
  #isBroken = false

  constructor(ports: GatePorts) {
    this.#ports = ports
  }

  /** `name`: of a profile or a secret. Throws (rejects with) denied, approval_*. */
  check(asker: Asker, name: string, target: Target): void | Promise<void> {
    const config = this.#ports.config()
    return config instanceof Promise
      ? config.then((config) => this.#check(config, asker, name, target))
      : this.#check(config, asker, name, target)
  }

  #check({ rules }: Config, asker: Asker, name: string, target: Target): void | Promise<void> {
    if (rules.length === 0) return
    const question = { profile: name, target, visitor: asker.visitor }
    const ruling = rule(rules, question)
    if (ruling.verdict === 'allow') return
    if (ruling.verdict === 'ask') return this.#ports.approve(question, ruling)
    throw new Failure('denied', `rule ${(ruling.index ?? 0) + 1} denies it: ${questionText(question)}`)
  }

  /** Before it leaves. Where the user set `audit = "required"`, it leaves only when this has resolved. */
  issued(asker: Asker, what: Pick<AuditEntry, 'profile' | 'secret' | 'target' | 'expiresAt'>): void | Promise<void> {
    return this.#note({ at: this.#now(), event: 'issued', ...this.#who(asker), ...what })
  }

  /** Never fails: what was refused is refused whether it can be written or not. */
  refused(asker: Asker, name: string | undefined, target: Target, error: unknown): void {
    const { code, message } = asFailure(error)
    const entry: AuditEntry = {
      at: this.#now(),
      event: 'refused',
      ...this.#who(asker),
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
    const named = name === undefined ? {} : isShare ? { door: { kind: 'share', share: name } as const } : { profile: name }
    const noted = this.#note({ at: this.#now(), event, ...named })
    if (noted instanceof Promise) noted.catch(() => {})
  }

  #note(entry: AuditEntry): void | Promise<void> {
    const config = this.#ports.config()
    return config instanceof Promise ? config.then((config) => this.#write(config, entry)) : this.#write(config, entry)
  }

  #write({ audit }: Config, entry: AuditEntry): void | Promise<void> {
    if (audit === 'off') return
    const written = this.#ports.append(entry).then(
      () => {
        this.#isBroken = false
      },
      (error: unknown) => {
        const failure = asFailure(error)
        if (!this.#isBroken) this.#ports.events.publish({ type: 'warning', text: failure.message })
        this.#isBroken = true
        if (audit === 'required') {
          throw new Failure('storage_failed', `${failure.message}, and config.toml says that nothing leaves without it`, {
            hint: 'free some disk space or mend its permissions, or set audit = "on"',
            cause: error,
          })
        }
      },
    )
    return audit === 'required' ? written : undefined
  }

  #who({ visitor, request }: Asker) {
    return { caller: visitor.caller, door: visitor.door, request }
  }

  #now(): EpochMs {
    return this.#ports.clock.now()
  }
}
