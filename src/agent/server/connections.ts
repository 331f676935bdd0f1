// The connections of a listener: requests have to arrive in time (L4), and while nobody is connected no timer runs. http's own check
// wakes the process for ever.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Requester } from '../../core/access/caller.ts'

/** Requests of one connection whose answers nobody has read yet: who sends more does not read. */
const maxUnread = 32
/** No clock is read for a request: what counts is at how many looks it was incomplete. */
const looksOfArrival = 2

const own = Symbol('connection')

/**
 * A property of the socket, and no table by socket: what an old Map or WeakMap has ever held stays until everything is collected,
 * and to move it all aside until then costs a tenth of each connection.
 */
export const connectionOf = (socket: object): Connection | undefined => (socket as { [own]?: Connection })[own]

export class Connection {
  readonly socket: Socket
  /** Who is there, once that was looked at. */
  requester: Requester | undefined
  /** What he asks is refused, whatever it is: until it is known that he may ask. */
  isDenied = true
  /** Among all; undefined: it carries something else from now on, or ends. */
  place: number | undefined
  /** Being answered, or their answers to be read. */
  requests = 0
  /** Of the last of them, while node:http reads it. */
  request: IncomingMessage | undefined
  /** Whether one began or was answered since the last look. */
  isBusy = false
  /** Bytes that had come at the look after the last request. */
  taken = 0
  /** More has come since: another request, which is not whole. */
  isPartial = false
  /** The look since which what is to come next is waited for. */
  since: number
  /** Whether no other request is wanted. */
  readonly #isOver: () => boolean

  constructor(socket: Socket, since: number, isOver: () => boolean) {
    this.socket = socket
    this.since = since
    this.#isOver = isOver
  }

  /** A whole request is there; of one that node:http reads, its header at least. */
  began(request?: IncomingMessage): void {
    this.requests += 1
    this.request = request
    this.isBusy = true
  }

  /** Its answer is on its way, or nobody is there to take it. */
  answered(): void {
    this.requests -= 1
    this.isBusy = true
    if (this.#isOver()) this.end()
  }

  /** Once what is being answered has been. */
  end(): void {
    if (this.requests === 0) this.socket.destroySoon()
  }
}

export interface ConnectionsPorts {
  /** ms for a request to arrive whole. */
  readonly arrival: number
  /** ms for which one may be kept without any. */
  readonly idle: number
  /** What was to come has not come in time. */
  readonly isLate: (socket: Socket) => void
}

export class Connections {
  readonly #ports: ConnectionsPorts
  readonly #looksOfIdle: number
  readonly #all: (Connection | undefined)[] = []
  readonly #free: number[] = []
  /** They carry something else from now on, or end. */
  readonly #others = new Set<Socket>()
  #timer: NodeJS.Timeout | undefined
  #looks = 0
  #isEnding = false

  constructor(ports: ConnectionsPorts) {
    this.#ports = ports
    this.#looksOfIdle = Math.ceil((looksOfArrival * ports.idle) / ports.arrival)
  }

  add(socket: Socket): Connection {
    const connection = new Connection(socket, this.#looks, () => this.#isEnding)
    Object.assign(socket, { [own]: connection })
    const place = this.#free.pop() ?? this.#all.length
    connection.place = place
    this.#all[place] = connection
    socket.once('close', () => {
      this.#others.delete(socket)
      this.#leave(connection)
    })
    this.#timer ??= setInterval(() => this.#look(), this.#ports.arrival / looksOfArrival).unref()
    return connection
  }

  /** The header of a request is there. False: its sender does not read what it asks for. */
  began(request: IncomingMessage): boolean {
    const connection = connectionOf(request.socket)
    if (connection?.place === undefined || connection.requests >= maxUnread) return false
    connection.began(request)
    return true
  }

  /** It is being answered, or has been: nearly every token is on its way by then. */
  answering({ socket }: IncomingMessage, response: ServerResponse): void {
    const connection = connectionOf(socket)
    if (connection === undefined) return
    if (response.writableFinished) connection.answered()
    else response.once('close', () => connection.answered())
  }

  upgraded(socket: Socket): void {
    const connection = connectionOf(socket)
    if (connection !== undefined) this.#leave(connection)
    if (!socket.destroyed) this.#others.add(socket)
  }

  /** Whoever is answered gets his answer; the others are let go. */
  end(): void {
    this.#isEnding = true
    for (const connection of this.#here()) connection.end()
  }

  /** Without waiting for anybody. */
  destroy(): void {
    for (const socket of this.#sockets()) socket.destroy()
  }

  /** Resolves when none is left. */
  async closed(): Promise<void> {
    await Promise.all(this.#sockets().map((socket) => new Promise((resolve) => socket.once('close', resolve))))
  }

  #here(): readonly Connection[] {
    return this.#all.filter((each) => each !== undefined)
  }

  #sockets(): readonly Socket[] {
    return [...this.#here().map(({ socket }) => socket), ...this.#others]
  }

  #leave(connection: Connection): void {
    const { place } = connection
    if (place === undefined) return
    connection.place = undefined
    this.#all[place] = undefined
    this.#free.push(place)
  }

  #look(): void {
    this.#looks += 1
    if (this.#free.length === this.#all.length) {
      clearInterval(this.#timer)
      this.#timer = undefined
    }
    for (const connection of this.#here()) {
      const { socket } = connection
      const waitsFor = this.#waitsFor(socket, connection)
      if (waitsFor === undefined) continue
      this.#leave(connection)
      this.#others.add(socket)
      // Who has not read his answers by now does not: to wait for that would keep him, and an agent that is to stop.
      if (waitsFor === 'another') socket.destroy()
      else this.#ports.isLate(socket)
    }
  }

  /** What of it is waited for in vain: the rest of a request, or another one. Undefined: nothing is. */
  #waitsFor(socket: Socket, connection: Connection): 'rest' | 'another' | undefined {
    const { requests, request, taken, isBusy } = connection
    const since = (looks: number): boolean => this.#looks - connection.since > looks
    connection.isBusy = false
    if (requests > 0) {
      if (request?.complete !== false) connection.since = this.#looks
      else if (isBusy) connection.since = this.#looks - 1
      return since(looksOfArrival) ? 'rest' : undefined
    }
    if (isBusy) {
      connection.since = this.#looks
      connection.taken = socket.bytesRead
      connection.isPartial = false
      return undefined
    }
    if (taken > 0 && socket.bytesRead === taken) return since(this.#looksOfIdle) ? 'another' : undefined
    if (taken > 0 && !connection.isPartial) {
      connection.isPartial = true
      connection.since = this.#looks - 1
    }
    return since(looksOfArrival) ? 'rest' : undefined
  }
}
