// Says once that a login is needed, or will be soon: not again until somebody has logged in.

import { fromNow } from '../core/durations.ts'
import type { Clock } from '../core/ports.ts'
import type { EpochMs } from '../core/session.ts'
import type { EventMessage } from '../wire/messages.ts'

/** How long before the end of a refresh token it is spoken of, in ms. */
const notice = 24 * 3_600_000
const interval = 3_600_000

export interface NotifierPorts {
  readonly clock: Clock
  /** When the refresh tokens of the sessions end, by profile. */
  readonly ends: () => Iterable<readonly [profile: string, at: EpochMs]>
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
    }
    if (event.type === 'login_required') {
      this.#once(event.profile, `a login to '${event.profile}' is needed`, `${event.reason}: authsock login ${event.profile}`)
    }
    if (event.type === 'approval_requested') this.#ports.tell('authsock: may it?', event.approval.text)
  }

  /** Looks ahead, now and every hour. */
  watch(): void {
    this.#cancel?.()
    const now = this.#ports.clock.now()
    for (const [profile, at] of this.#ports.ends()) {
      if (at > now && at - now <= notice) {
        this.#once(
          soon(profile),
          `the login to '${profile}' ends soon`,
          `it ends ${fromNow(at / 1000, now / 1000)}: authsock login ${profile}`,
        )
      }
    }
    this.#cancel = this.#ports.clock.after(interval, () => this.watch())
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
