// Says once that a login is needed, or will be soon: not again until somebody has logged in.

import { fromNow } from '../core/durations.ts'
import type { Clock } from '../core/ports.ts'
import type { EventMessage } from '../wire/messages.ts'
import type { SessionEnd } from './sessions.ts'

/** How long before a session's end it is spoken of, in ms: a tenth of what it has had, and no more than this. */
const longestNotice = 24 * 3_600_000
const interval = 3_600_000

export interface NotifierPorts {
  readonly clock: Clock
  /** When logins will be needed, by profile. */
  readonly ends: () => Iterable<SessionEnd>
  readonly tell: (title: string, text: string) => void
}

export class Notifier {
  readonly #ports: NotifierPorts
  readonly #told = new Set<string>()
  #cancel: (() => void) | undefined

  constructor(ports: NotifierPorts) {
    this.#ports = ports
  }

  hear(event: EventMessage): void {
    if (event.type === 'logged_in' || event.type === 'logged_out') {
      this.#told.delete(event.profile)
      this.#told.delete(soon(event.profile))
      // Its end may be nearer than the next look.
      this.watch()
    }
    if (event.type === 'login_required') {
      this.#once(event.profile, `a login to '${event.profile}' is needed`, `${event.reason}: authsock login ${event.profile}`)
    }
    if (event.type === 'approval_requested') this.#ports.tell('authsock: may it?', event.approval.text)
  }

  /** Looks ahead, now and when there may be something to say. */
  watch(): void {
    this.#cancel?.()
    const now = this.#ports.clock.now()
    let next = now + interval
    for (const { profile, from, at } of this.#ports.ends()) {
      const tellAt = at - Math.min(longestNotice, (at - from) / 10)
      if (tellAt > now) next = Math.min(next, tellAt)
      else if (at > now) {
        this.#once(
          soon(profile),
          `the login to '${profile}' ends soon`,
          `it ends ${fromNow(at / 1000, now / 1000)}: authsock login ${profile}`,
        )
      }
    }
    this.#cancel = this.#ports.clock.after(next - now, () => this.watch())
  }

  stop(): void {
    this.#cancel?.()
  }

  #once(key: string, title: string, text: string): void {
    if (this.#told.has(key)) return
    this.#told.add(key)
    this.#ports.tell(`authsock: ${title}`, text)
  }
}

const soon = (profile: string): string => `soon ${profile}`
