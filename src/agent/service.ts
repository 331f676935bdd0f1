// A part of the agent that has to be started and stopped. compose.ts builds the list of them, main.ts starts them in order and
// stops them in reverse.

import { asFailure } from '../core/failures.ts'

/** `hand over`: another agent takes the socket, and whoever has asked this one is answered first. */
export type StopRequest = 'stop' | 'hand over'

export interface Service {
  readonly name: string
  /** Rejects if the agent cannot run without it. */
  start(): Promise<void>
  /** Another agent takes over: what was asked is answered, nothing new is accepted. Resolves to false if none came, and it goes on. */
  handOver?(): Promise<boolean>
  /** Resolves when nothing of it runs any more. When `deadline` aborts, it ends what it would otherwise wait for. */
  stop(deadline: AbortSignal): Promise<void>
}

export class ServiceList {
  readonly #services: readonly Service[]
  readonly #onError: (text: string) => void
  #started = 0

  constructor(services: readonly Service[], onError: (text: string) => void) {
    this.#services = services
    this.#onError = onError
  }

  /** Starts all, one after the other. If one cannot be started, those before it are stopped, and it rejects. */
  async start(): Promise<void> {
    try {
      for (const service of this.#services) {
        await service.start()
        this.#started += 1
      }
    } catch (error) {
      await this.stop(0)
      throw error
    }
  }

  /** False: no other agent has taken over, and nothing has changed. */
  async handOver(): Promise<boolean> {
    for (const service of this.#services.toReversed()) if ((await service.handOver?.()) === false) return false
    return true
  }

  /** Stops what was started, in reverse. One that cannot be stopped does not keep the others from it. Never rejects. */
  async stop(timeoutMs: number): Promise<void> {
    const deadline = AbortSignal.timeout(timeoutMs)
    for (; this.#started > 0; this.#started -= 1) {
      const service = this.#services[this.#started - 1]
      await service?.stop(deadline).catch((error: unknown) => {
        this.#onError(`${service.name} could not be stopped: ${asFailure(error).message}`)
      })
    }
  }
}
