// Says once that a login is needed, or will be soon, and not again until somebody has logged in; also after a restart. And what
// waits for the user where no window can be shown.

import { fromNow } from '../../core/util/durations.ts'
import { sanitizeForDisplay } from '../../core/util/text.ts'
import type { Clock } from '../../core/ports.ts'
import type { EpochMs } from '../../core/session/session.ts'
import type { ApprovalAnswer, ApprovalStatus, EventMessage } from '../../wire/messages.ts'
import type { Service } from '../service.ts'

/** How long before the end of a login it is spoken of, in ms; a quarter of a short one's life. */
const maxNotice = 24 * 3_600_000
const interval = 3_600_000
/** ms by which servers round. */
const slack = 60_000
const maxReason = 300

/** When a login is over, as far as its server says. */
export interface LoginEnd {
  readonly profile: string
  readonly at: EpochMs
  readonly loggedInAt: EpochMs
  readonly refreshedAt: EpochMs
}

/** What is known of a login and was said of it. */
export interface Note {
  readonly isNeeded?: boolean
  /** The end that was first seen: where it moves with each refresh, only a session that is left alone comes to it. */
  readonly firstEnd?: EpochMs
  readonly moves?: boolean
  /** The end that was spoken of. */
  readonly saidEnd?: EpochMs
}

export interface NotifierPorts {
  readonly clock: Clock
  readonly ends: () => Iterable<LoginEnd>
  readonly tell: (title: string, text: string) => void
  /** By profile; kept over restarts. What is lost of it costs a word too many. */
  readonly load: () => Readonly<Record<string, Note>>
  readonly save: (notes: Readonly<Record<string, Note>>) => void
}

export class Notifier {
  readonly #ports: NotifierPorts
  readonly #notes: Map<string, Note>
  /** When it was last said that an approval is wanted, by what it is about. */
  readonly #waiting = new Map<string, EpochMs>()
  #cancel: (() => void) | undefined
  #isStopped = false
  #wakeAt: EpochMs = 0

  constructor(ports: NotifierPorts) {
    this.#ports = ports
    this.#notes = new Map(Object.entries(ports.load()))
  }

  hear(event: EventMessage): void {
    if (event.type === 'logged_in' || event.type === 'logged_out') {
      if (this.#notes.delete(event.profile)) this.#save()
    }
    if (event.type === 'logged_in' || event.type === 'refreshed' || event.type === 'unlocked') this.#wakeIn(1_000)
    if (event.type === 'login_required' && this.#notes.get(event.profile)?.isNeeded !== true) {
      const { profile, reason } = event
      this.#note(profile, { isNeeded: true })
      this.#tell(`a login to '${profile}' is needed`, `${sanitizeForDisplay(reason, maxReason)}: authsock login ${profile}`)
    }
  }

  /** Looks ahead: now, when the next end comes near, and until then every hour, for clocks are set. */
  watch(): void {
    const now = this.#ports.clock.now()
    let next = Infinity
    for (const { profile, at, loggedInAt, refreshedAt } of this.#ports.ends()) {
      const { firstEnd = at, moves: moved = false, saidEnd = 0 } = this.#notes.get(profile) ?? {}
      const moves = moved || at > firstEnd + slack
      const lifetime = at - (moves ? refreshedAt : loggedInAt)
      const left = at - now
      const isNear = left > 0 && left <= Math.min(maxNotice, lifetime / 4)
      const isNew = at > saidEnd + slack
      this.#note(profile, { firstEnd, moves, ...(isNear ? { saidEnd: at } : {}) })
      if (isNear && isNew) {
        const when = fromNow(Math.floor(at / 1000), Math.floor(now / 1000))
        this.#tell(`the login to '${profile}' ends soon`, `it ends ${when}: authsock login ${profile}`)
      } else if (!isNear && left > 0) {
        next = Math.min(next, left - Math.min(maxNotice, lifetime / 4))
      }
    }
    this.#cancel?.()
    this.#cancel = undefined
    // Where nothing is known to end, an event says when something is.
    if (next !== Infinity) this.#wakeIn(Math.min(Math.max(1_000, next), interval))
  }

  /** No window can be shown. A program that asks again and again is spoken of once an hour. */
  waits({ id, text, profile, executable, container, share, rule }: ApprovalStatus): void {
    const now = this.#ports.clock.now()
    for (const [key, at] of this.#waiting) if (Math.abs(now - at) >= interval) this.#waiting.delete(key)
    const key = JSON.stringify([profile, executable, container, share, rule])
    if (this.#waiting.has(key)) return
    this.#waiting.set(key, now)
    this.#tell('your word is wanted', `${text}: authsock approve ${id}`)
  }

  /** What became of an `always` that was said in a window. */
  remembered({ remembered, config, rule, line, detail }: ApprovalAnswer): void {
    if (remembered === 'always') this.#tell('a rule was written', `rule ${rule}, in line ${line} of ${config}`)
    else this.#tell('no rule was written', `it counts until the vault is locked: ${sanitizeForDisplay(detail ?? '', maxReason)}`)
  }

  stop(): void {
    this.#isStopped = true
    this.#cancel?.()
  }

  /** Its first look at the ends of logins is for whoever has opened the store: `watch`. */
  service(): Service {
    return { name: 'notifications', start: async () => {}, stop: async () => this.stop() }
  }

  #tell(title: string, text: string): void {
    this.#ports.tell(`authsock: ${title}`, text)
  }

  /** At the latest: what is due before stays so. */
  #wakeIn(delay: number): void {
    if (this.#isStopped) return
    const at = this.#ports.clock.now() + delay
    if (this.#cancel !== undefined && this.#wakeAt <= at) return
    this.#cancel?.()
    this.#wakeAt = at
    this.#cancel = this.#ports.clock.after(delay, () => this.watch())
  }

  #note(profile: string, more: Note): void {
    const before = this.#notes.get(profile)
    const after = { ...before, ...more }
    if (JSON.stringify(after) === JSON.stringify(before)) return
    this.#notes.set(profile, after)
    this.#save()
  }

  #save(): void {
    this.#ports.save(Object.fromEntries(this.#notes))
  }
}
