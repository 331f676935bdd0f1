// The fast path: a request that repeats byte for byte is answered on the plain socket, without node:http. Whatever else comes is
// node:http's, and the connection with it. docs/performance.md says what it saves; server.ts is its only user.

import { STATUS_CODES } from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'
import type { Connection, Connections } from '../connections.ts'
import { type Headers, headerIn, type HttpExchange } from '../http-exchange.ts'
import { keepAlive, maxUnreadBytes } from '../limits.ts'
import { type KnownRequest, KnownRequests } from './known-requests.ts'

export interface FastListenerPorts {
  readonly connections: Pick<Connections, 'add'>
  /** Somebody has connected. False: nothing of this connection is read here. */
  readonly connected: (connection: Connection) => boolean
  /** Answers, at once or later; never throws. */
  readonly answer: (exchange: HttpExchange) => void
  /** Reads a connection by node:http, from its beginning. */
  readonly read: (socket: Socket) => void
}

/** `known`: what node:http reads has to be given to it, so that the next request of the same bytes is answered here. */
export function createFastListener(ports: FastListenerPorts): { readonly server: Server; readonly known: KnownRequests } {
  const known = new KnownRequests()
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const connection = ports.connections.add(socket)
    if (connection === undefined) return
    if (ports.connected(connection)) new FastConnection(connection, known, ports).listen()
    else ports.read(socket)
  })
  return { server, known }
}

/** A connection until something comes that is not known. */
class FastConnection {
  readonly #socket: Socket
  readonly #connection: Connection
  readonly #known: KnownRequests
  readonly #ports: FastListenerPorts
  #isAnswering = false
  #hasEnded = false

  constructor(connection: Connection, known: KnownRequests, ports: FastListenerPorts) {
    this.#socket = connection.socket
    this.#connection = connection
    this.#known = known
    this.#ports = ports
  }

  listen(): void {
    this.#socket.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onError)
  }

  /** `isLast`: of this connection. */
  answered(isLast: boolean): void {
    this.#isAnswering = false
    this.#connection.answered()
    if (isLast || this.#hasEnded) this.#socket.destroySoon()
    else if (this.#socket.isPaused()) this.#socket.resume()
  }

  readonly #onData = (bytes: Buffer): void => {
    const socket = this.#socket
    // After the last request of a connection, or while the agent stops, nothing is answered.
    if (!socket.writable) return
    if (this.#isAnswering) {
      // Its turn comes, and the end of the connection is not heard before it.
      socket.pause()
      socket.unshift(bytes)
      return
    }
    const request = this.#known.find(bytes)
    if (request === undefined) return this.#handOver(bytes)
    if (socket.writableLength > maxUnreadBytes) return void socket.destroy()
    this.#isAnswering = true
    this.#connection.began()
    this.#ports.answer(new FastExchange(this, socket, request, bytes))
  }

  #handOver(bytes: Buffer): void {
    const socket = this.#socket
    socket.off('data', this.#onData).off('end', this.#onEnd).off('error', this.#onError)
    socket.pause()
    socket.unshift(bytes)
    this.#ports.read(socket)
    socket.resume()
  }

  readonly #onEnd = (): void => {
    this.#hasEnded = true
    if (this.#isAnswering) return
    if (this.#socket.writableLength === 0) this.#socket.destroy()
    else this.#socket.destroySoon()
  }

  readonly #onError = (): void => {
    this.#socket.destroy()
  }
}

class FastExchange implements HttpExchange {
  readonly socket: Socket
  readonly #connection: FastConnection
  readonly #request: KnownRequest
  readonly #bytes: Buffer
  #isAnswered = false

  constructor(connection: FastConnection, socket: Socket, request: KnownRequest, bytes: Buffer) {
    this.#connection = connection
    this.socket = socket
    this.#request = request
    this.#bytes = bytes
  }

  get method(): string {
    return this.#request.method
  }

  get target(): string {
    return this.#request.target
  }

  get isAnswered(): boolean {
    return this.#isAnswered
  }

  header(name: string): string | undefined {
    return headerIn(this.#request.rawHeaders, name)
  }

  body(): Buffer | undefined {
    const { bodyBytes } = this.#request
    return bodyBytes === 0 ? undefined : this.#bytes.subarray(-bodyBytes)
  }

  answer(status: number, headers: Headers, body: string | Buffer, mustBeLast = false): void {
    this.#isAnswered = true
    const isLast = mustBeLast || this.#request.isLast
    let head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`
    for (const name in headers) head += `${name}: ${headers[name]}\r\n`
    head += isLast ? 'Connection: close\r\n' : `Keep-Alive: ${keepAlive}\r\n`
    head += `Date: ${httpDate()}\r\n`
    head += isLast ? '\r\n' : 'Connection: keep-alive\r\n\r\n'
    if (typeof body === 'string') this.socket.write(head + body)
    else this.socket.write(Buffer.concat([Buffer.from(head, 'latin1'), body]))
    this.#connection.answered(isLast)
  }

  drop(): void {
    this.socket.destroy()
  }
}

let second = 0
let date = ''

/** RFC 9110, section 5.6.7: whole seconds. */
function httpDate(): string {
  const now = Math.floor(Date.now() / 1000)
  if (now !== second) {
    second = now
    date = new Date(now * 1000).toUTCString()
  }
  return date
}
