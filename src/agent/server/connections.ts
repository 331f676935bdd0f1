// The connections of a listener, each in one state: requests have to arrive in time (L4), and no timer runs while nobody is
// connected. node:http's own check wakes the process for ever.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Requester } from '../../core/access/caller.ts'
import { maxPipelined } from './limits.ts'

/** No clock is read for a request: its age is how many ticks have seen it incomplete. */
const ticksOfArrival = 2

/** For the first request of a client that has connected just before nothing new is accepted. */
const firstRequestMs = 1_000
const finishPollMs = 10

const own = Symbol('connection')

/**
 * A property of the socket instead of a table by socket: what an old Map or WeakMap has ever held stays until everything is collected,
 * and to move it all aside until then costs a tenth of each connection.
 */
export const connectionOf = (socket: object): Connection | undefined => (socket as { [own]?: Connection })[own]

/**
 *     reading  -> answering    a request is there (its header at least)
 *     answering -> idle        its answer was sent, and it was the last one
 *     idle     -> reading      a tick has seen more bytes
 *     idle     -> answering    the next request came between two ticks
 *     any      -> detached     upgraded, too late, or closed
 */
export type ConnectionState =
  /** The first request, or a next one that has begun, has not arrived. */
  | { readonly kind: 'reading'; readonly sinceTick: number }
  /** `request`: the last of them, if node:http reads it. `sinceTick`: since when its body is waited for; undefined: not looked at yet. */
  | { readonly kind: 'answering'; requests: number; request: IncomingMessage | undefined; sinceTick: number | undefined }
  /** `seen`: at the first tick after the last answer. */
  | { readonly kind: 'idle'; readonly seen: { readonly tick: number; readonly bytesRead: number } | undefined }
  /** Not watched any more. */
  | { readonly kind: 'detached' }

const justAnswered: ConnectionState = { kind: 'idle', seen: undefined }
const detached: ConnectionState = { kind: 'detached' }

export class Connection {
  readonly socket: Socket
  /** Who is at the other end, once that was looked up. */
  requester: Requester | undefined
  /** Whether its requests are refused: until it is known that the peer may ask. */
  isDenied = true
  state: ConnectionState
  /** Its index among all. */
  readonly index: number
  /** Counts up: which of two is older. */
  readonly number: number
  /** Of bodies that are not answered yet. */
  heldBytes = 0
  readonly #owner: ConnectionOwner

  constructor(socket: Socket, index: number, number: number, tick: number, owner: ConnectionOwner) {
    this.socket = socket
    this.index = index
    this.number = number
    this.state = { kind: 'reading', sinceTick: tick }
    this.#owner = owner
  }

  /** A whole request is there; of one that node:http reads, its header at least. */
  began(request?: IncomingMessage): void {
    const { state } = this
    if (state.kind === 'answering') {
      state.requests += 1
      state.request = request
      state.sinceTick = undefined
    } else if (state.kind !== 'detached') this.state = { kind: 'answering', requests: 1, request, sinceTick: undefined }
  }

  /** Its answer is on its way, or the client has closed the connection. */
  answered(): void {
    const { state } = this
    if (state.kind !== 'answering') return
    state.requests -= 1
    state.sinceTick = undefined
    if (state.requests > 0) return
    this.state = justAnswered
    if (this.heldBytes > 0) this.#owner.releaseBytes(this)
    if (this.#owner.isEnding()) this.end()
  }

  /** Closes it, unless a request is being answered. */
  end(): void {
    if (this.state.kind !== 'answering') this.socket.destroySoon()
  }
}

/** What a connection asks of those that it is one of. */
interface ConnectionOwner {
  /** No other request is read. */
  readonly isEnding: () => boolean
  readonly releaseBytes: (connection: Connection) => void
}

export interface ConnectionsPorts {
  readonly arrivalTimeoutMs: number
  readonly idleTimeoutMs: number
  /** Of one connection, requests that are being answered. */
  readonly maxPipelined?: number
  /** Whether there is room for one more; by default there is. */
  readonly budget?: { readonly open: () => boolean; readonly closed: () => void }
  /** Whether there is room for bytes of a body; by default there is. */
  readonly bytes?: { readonly take: (bytes: number) => boolean; readonly release: (bytes: number) => void }
  /** A request has not arrived in time. */
  readonly onLate: (socket: Socket) => void
}

export class Connections {
  readonly #ports: ConnectionsPorts
  readonly #ticksOfIdle: number
  readonly #all: (Connection | undefined)[] = []
  readonly #free: number[] = []
  /** Sockets of connections that are not watched and not closed yet. */
  readonly #detached = new Set<Socket>()
  #timer: NodeJS.Timeout | undefined
  #tick = 0
  #number = 0
  #isEnding = false
  readonly #owner: ConnectionOwner = {
    isEnding: () => this.#isEnding,
    releaseBytes: (connection) => {
      this.#ports.bytes?.release(connection.heldBytes)
      connection.heldBytes = 0
    },
  }

  constructor(ports: ConnectionsPorts) {
    this.#ports = ports
    this.#ticksOfIdle = Math.ceil((ticksOfArrival * ports.idleTimeoutMs) / ports.arrivalTimeoutMs)
  }

  /** Undefined if it is refused. */
  add(socket: Socket): Connection | undefined {
    if (this.#ports.budget?.open() === false) {
      socket.destroy()
      return undefined
    }
    const index = this.#free.pop() ?? this.#all.length
    this.#number += 1
    const connection = new Connection(socket, index, this.#number, this.#tick, this.#owner)
    Object.assign(socket, { [own]: connection })
    this.#all[index] = connection
    socket.once('close', () => {
      this.#detached.delete(socket)
      this.#leave(connection)
    })
    this.#timer ??= setInterval(() => this.#onTick(), this.#ports.arrivalTimeoutMs / ticksOfArrival).unref()
    return connection
  }

  /** The header of a request is there. False: its sender does not read the answers. */
  began(request: IncomingMessage): boolean {
    const connection = connectionOf(request.socket)
    if (connection === undefined || connection.state.kind === 'detached') return false
    if (connection.state.kind === 'answering' && connection.state.requests >= (this.#ports.maxPipelined ?? maxPipelined)) {
      return false
    }
    connection.began(request)
    return true
  }

  /** So many bytes of a body have come. False: there is no room for them. */
  hold(socket: Socket, bytes: number): boolean {
    const connection = connectionOf(socket)
    if (this.#ports.bytes === undefined || connection === undefined) return true
    if (connection.state.kind === 'detached' || !this.#ports.bytes.take(bytes)) return false
    connection.heldBytes += bytes
    return true
  }

  /** Closes the connection that has been silent for longest. False if each is being answered. */
  evict(): boolean {
    let oldest: Connection | undefined
    for (const connection of this.#watched()) {
      const isSilent = connection.state.kind !== 'answering' || connection.state.request?.complete === false
      if (isSilent && (oldest === undefined || isOlder(connection, oldest))) oldest = connection
    }
    if (oldest === undefined) return false
    this.#leave(oldest)
    this.#detached.add(oldest.socket)
    oldest.socket.destroy()
    return true
  }

  /** It is being answered, or has been: nearly every token is on its way by then. */
  answering({ socket }: IncomingMessage, response: ServerResponse): void {
    const connection = connectionOf(socket)
    if (connection === undefined) return
    if (response.writableFinished) connection.answered()
    else response.once('close', () => connection.answered())
  }

  /** It carries another protocol from now on. */
  upgraded(socket: Socket): void {
    const connection = connectionOf(socket)
    if (connection !== undefined) this.#leave(connection)
    if (!socket.destroyed) this.#detached.add(socket)
  }

  /** How many there are, those that carry another protocol among them. */
  get count(): number {
    return this.#all.length - this.#free.length + this.#detached.size
  }

  /** Requests that are being answered are finished; the other connections are closed. */
  end(): void {
    this.#isEnding = true
    for (const connection of this.#watched()) connection.end()
  }

  /** As `end`, but also those are answered whose first request is still on its way. Resolves when all are, or after `timeoutMs`. */
  async finish(timeoutMs: number): Promise<void> {
    const start = performance.now()
    this.#isEnding = true
    const isBusy = ({ state }: Connection): boolean =>
      state.kind === 'answering' || (state.kind === 'reading' && performance.now() - start < firstRequestMs)
    for (const connection of this.#watched()) if (connection.state.kind === 'idle') connection.end()
    while (this.#watched().some(isBusy) && performance.now() - start < timeoutMs) await pause(finishPollMs)
    this.end()
  }

  destroy(): void {
    for (const socket of this.#sockets()) socket.destroy()
  }

  /** Resolves when none is left. */
  async closed(): Promise<void> {
    await Promise.all(this.#sockets().map((socket) => new Promise((resolve) => socket.once('close', resolve))))
  }

  #watched(): readonly Connection[] {
    return this.#all.filter((each) => each !== undefined)
  }

  #sockets(): readonly Socket[] {
    return [...this.#watched().map(({ socket }) => socket), ...this.#detached]
  }

  #leave(connection: Connection): void {
    if (connection.state.kind === 'detached') return
    connection.state = detached
    this.#all[connection.index] = undefined
    this.#free.push(connection.index)
    if (connection.heldBytes > 0) this.#owner.releaseBytes(connection)
    this.#ports.budget?.closed()
  }

  #onTick(): void {
    this.#tick += 1
    if (this.#free.length === this.#all.length) {
      clearInterval(this.#timer)
      this.#timer = undefined
    }
    for (const connection of this.#watched()) {
      const { socket } = connection
      const late = this.#check(connection)
      if (late === undefined) continue
      this.#leave(connection)
      this.#detached.add(socket)
      // An idle client that has not read its answers by now never will: to wait for it would hold up a stop.
      if (late === 'idle') socket.destroy()
      else this.#ports.onLate(socket)
    }
  }

  /** What is overdue: the rest of a request, or any at all on an idle connection. */
  #check(connection: Connection): 'request' | 'idle' | undefined {
    const { state, socket } = connection
    const tick = this.#tick
    switch (state.kind) {
      case 'detached':
        return undefined
      case 'reading':
        return tick - state.sinceTick > ticksOfArrival ? 'request' : undefined
      case 'answering':
        // Its body: complete, or not read by node:http. How long the answer takes is not the client's fault.
        if (state.request?.complete !== false) state.sinceTick = tick
        else state.sinceTick ??= tick - 1
        return tick - state.sinceTick > ticksOfArrival ? 'request' : undefined
      case 'idle': {
        const { bytesRead } = socket
        if (state.seen === undefined) connection.state = { kind: 'idle', seen: { tick, bytesRead } }
        else if (bytesRead !== state.seen.bytesRead) connection.state = { kind: 'reading', sinceTick: tick - 1 }
        else if (tick - state.seen.tick > this.#ticksOfIdle) return 'idle'
        return undefined
      }
    }
  }
}

/** Whether it has been silent for longer: the tick of its last request, then the order in which they came. */
function isOlder(a: Connection, b: Connection): boolean {
  const [since, other] = [silentSince(a.state), silentSince(b.state)]
  return since === other ? a.number < b.number : since < other
}

function silentSince(state: ConnectionState): number {
  if (state.kind === 'idle') return state.seen?.tick ?? Infinity
  return state.kind === 'reading' ? state.sinceTick : Infinity
}
