// What happens in the agent, for whoever watches: /v1/events and the log. A subscriber that throws harms nobody.

import type { EventMessage } from '../wire/messages.ts'

type WithoutTime<T> = T extends unknown ? Omit<T, 'at'> : never
export type EventBody = WithoutTime<EventMessage>

export class EventHub {
  readonly #subscribers = new Set<(event: EventMessage) => void>()
  readonly #now: () => number

  /** `now` in milliseconds. */
  constructor(now: () => number) {
    this.#now = now
  }

  publish(body: EventBody): void {
    const event = { ...body, at: Math.floor(this.#now() / 1000) } as EventMessage
    for (const subscriber of this.#subscribers) subscriber(event)
  }

  subscribe(subscriber: (event: EventMessage) => void): () => void {
    this.#subscribers.add(subscriber)
    return () => this.#subscribers.delete(subscriber)
  }
}
