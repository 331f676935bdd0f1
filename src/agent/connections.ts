// The connections of a listener: requests have to arrive in time (L4), and while nobody is connected no timer runs. http's own check
// wakes the process for ever.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Requests of one connection whose answers nobody has read yet: who sends more does not read. */
const mostUnread = 32
/** No clock is read for a request: what counts is at how many looks it was incomplete. */
const looksOfArrival = 2

interface Connection {
  /** Being answered, or their answers to be read. */
  requests: number
  /** The last of them. */
  request: IncomingMessage | undefined
  /** Whether one began since the last look. */
  isBusy: boolean
  /** Bytes that had come at the look after the last request. */
  taken: number
  /** More has come since: another request, which is not whole. */
  isPartial: boolean
  /** The look since which what is to come next is waited for. */
  since: number
}

export interface ConnectionsPorts {
  /** ms for a request to arrive whole. */
  readonly arrival: number
  /** ms for which one may be kept without any. */
  readonly idle: number
  readonly isLate: (socket: Socket) => void
}

export class Connections {
  readonly #ports: ConnectionsPorts
  readonly #looksOfIdle: number
  readonly #all = new Map<Socket, Connection>()
  /** They carry something else from now on, or end. */
  readonly #others = new Set<Socket>()
  #timer: NodeJS.Timeout | undefined
  #looks = 0

  constructor(ports: ConnectionsPorts) {
    this.#ports = ports
    this.#looksOfIdle = Math.ceil((looksOfArrival * ports.idle) / ports.arrival)
  }

  add(socket: Socket): void {
    this.#all.set(socket, { requests: 0, request: undefined, isBusy: false, taken: 0, isPartial: false, since: this.#looks })
    socket.once('close', () => {
      this.#others.delete(socket)
      this.#leave(socket)
    })
    this.#timer ??= setInterval(() => this.#look(), this.#ports.arrival / looksOfArrival).unref()
  }

  /** A request's header is there. False: its sender does not read what it asks for. */
  began(request: IncomingMessage): boolean {
    const connection = this.#all.get(request.socket)
    if (connection === undefined || connection.requests >= mostUnread) return false
    connection.requests += 1
    connection.request = request
    connection.isBusy = true
    return true
  }

  /** It is being answered, or has been: nearly every token is on its way by then. */
  answering({ socket }: IncomingMessage, response: ServerResponse): void {
    const connection = this.#all.get(socket)
    if (connection === undefined) return
    if (response.writableFinished) connection.requests -= 1
    else {
      response.once('close', () => {
        connection.requests -= 1
        connection.isBusy = true
      })
    }
  }

  upgraded(socket: Socket): void {
    this.#leave(socket)
    if (!socket.destroyed) this.#others.add(socket)
  }

  /** Resolves when none is left. */
  async closed(): Promise<void> {
    const left = [...this.#all.keys(), ...this.#others]
    await Promise.all(left.map((socket) => new Promise((resolve) => socket.once('close', resolve))))
  }

  #leave(socket: Socket): void {
    this.#all.delete(socket)
  }

  #look(): void {
    this.#looks += 1
    if (this.#all.size === 0) {
      clearInterval(this.#timer)
      this.#timer = undefined
    }
    for (const [socket, connection] of this.#all) {
      if (!this.#isLate(socket, connection)) continue
      this.#leave(socket)
      this.#others.add(socket)
      this.#ports.isLate(socket)
    }
  }

  #isLate(socket: Socket, connection: Connection): boolean {
    const { requests, request, taken, isBusy } = connection
    connection.isBusy = false
    if (requests > 0) {
      if (request?.complete === true) connection.since = this.#looks
      else if (isBusy) connection.since = this.#looks - 1
      return this.#looks - connection.since > looksOfArrival
    }
    if (isBusy) {
      connection.since = this.#looks
      connection.taken = socket.bytesRead
      connection.isPartial = false
      return false
    }
    if (taken > 0 && socket.bytesRead === taken) return this.#looks - connection.since > this.#looksOfIdle
    if (taken > 0 && !connection.isPartial) {
      connection.isPartial = true
      connection.since = this.#looks - 1
    }
    return this.#looks - connection.since > looksOfArrival
  }
}
