// `exit_after`: an agent whose socket the service manager keeps ends while nobody uses it; the next caller starts the next one. What is
// due later is left to a timer of the system, and if it has none the agent stays.

import type { Config } from '../config/config.ts'
import { asFailure } from '../core/failures.ts'
import type { Clock } from '../core/ports.ts'
import type { EpochMs } from '../core/session/session.ts'
import type { Service } from './service.ts'

/** config.toml may have changed. */
const minCheckIntervalMs = 1_000
/** Until it is looked again for what keeps the agent. */
const recheckMs = 30_000
const maxTimerMs = 3_600_000

export interface IdleExitPorts {
  readonly clock: Clock
  readonly config: () => Promise<Config>
  /** Whether there is something that would be lost, or somebody who waits. */
  readonly isNeeded: () => boolean
  /** When the next session has work to do; undefined: none has. */
  readonly nextWake: () => EpochMs | undefined
  /** Has the agent started then. Resolves to false if that cannot be had. */
  readonly wakeAt: (at: EpochMs) => Promise<boolean>
  readonly exit: (why: string) => void
  readonly onWarning: (text: string) => void
}

export class IdleExit {
  readonly #ports: IdleExitPorts
  #touchedAt: EpochMs
  #checkedAt: EpochMs = 0
  #cancel: (() => void) | undefined
  #isStopped = false

  constructor(ports: IdleExitPorts) {
    this.#ports = ports
    this.#touchedAt = ports.clock.now()
  }

  /** Somebody has sent a request. */
  touch(): void {
    const now = this.#ports.clock.now()
    this.#touchedAt = now
    if (this.#cancel === undefined && Math.abs(now - this.#checkedAt) > minCheckIntervalMs) this.#start()
  }

  service(): Service {
    return {
      name: 'idle exit',
      start: async () => this.#start(),
      stop: async () => {
        this.#isStopped = true
        this.#cancel?.()
      },
    }
  }

  #start(): void {
    this.#checkedAt = this.#ports.clock.now()
    void this.#check().catch((error: unknown) => {
      const { code, message } = asFailure(error)
      // A mistake in config.toml is reported where the file is read.
      if (code !== 'config_invalid') this.#ports.onWarning(message)
    })
  }

  /** Sets a timer only if the user wants an exit. */
  async #check(): Promise<void> {
    this.#cancel?.()
    this.#cancel = undefined
    const { clock, config, isNeeded, nextWake, wakeAt, exit } = this.#ports
    const { exitAfter } = await config()
    if (this.#isStopped || exitAfter === undefined) return
    const idleMs = exitAfter * 1000
    const left = this.#touchedAt + idleMs - clock.now()
    if (left > 0) return this.#again(left)
    if (isNeeded()) return this.#again(recheckMs)
    const next = nextWake()
    // It would be started again at once.
    if (next !== undefined && next - clock.now() < idleMs) return this.#again(idleMs)
    if (next !== undefined && !(await wakeAt(next))) return this.#again(maxTimerMs)
    if (this.#isStopped || this.#touchedAt + idleMs > clock.now()) return this.#again(idleMs)
    exit(`no request for ${exitAfter} s`)
  }

  #again(ms: number): void {
    if (!this.#isStopped) this.#cancel = this.#ports.clock.after(Math.min(ms, maxTimerMs), () => this.#start())
  }
}
