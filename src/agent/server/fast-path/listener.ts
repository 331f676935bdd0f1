// Where connections arrive. Nearly all that is asked was asked before, in the same bytes, and is answered here without being read
// once more; whatever else comes is node:http's, and the connection with it.

import { STATUS_CODES } from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'
import type { Connection, Connections } from '../connections.ts'
import { type HttpExchange, type Headers, headerIn, keepAlive } from '../http-exchange.ts'
import type { KnownRequest, KnownRequests } from './known-requests.ts'

/** Bytes of answers that somebody may leave unread and ask on. */
const maxUnread = 64 * 1024

export interface FrontPorts {
  readonly known: KnownRequests
  readonly connections: Pick<Connections, 'add'>
  /** Somebody has connected. False: nothing of his is looked at here. */
  readonly connected: (connection: Connection) => boolean
  /** Answers, at once or later; never throws. */
  readonly answer: (exchange: HttpExchange) => void
  /** Reads what comes, from its beginning. */
  readonly read: (socket: Socket) => void
}

export function createFront(ports: FrontPorts): Server {
  const server = createServer({ allowHalfOpen: true, noDelay: true })
  return server.on('connection', (socket: Socket) => {
    const connection = ports.connections.add(socket)
    if (ports.connected(connection)) new Line(connection, ports).listen()
    else ports.read(socket)
  })
}

/** A connection until something comes that is not known. */
class Line {
  readonly #socket: Socket
  readonly #connection: Connection
  readonly #ports: FrontPorts
  #isAnswering = false
  #hasEnded = false

  constructor(connection: Connection, ports: FrontPorts) {
    this.#socket = connection.socket
    this.#connection = connection
    this.#ports = ports
  }

  listen(): void {
    this.#socket.on('data', this.#heard).on('end', this.#ended).on('error', this.#failed)
  }

  /** `isLast`: of this connection. */
  answered(isLast: boolean): void {
    this.#isAnswering = false
    this.#connection.answered()
    if (isLast || this.#hasEnded) this.#socket.destroySoon()
    else if (this.#socket.isPaused()) this.#socket.resume()
  }

  readonly #heard = (bytes: Buffer): void => {
    const socket = this.#socket
    // Whatever follows the last request, or comes when the agent is about to end, is nobody's.
    if (!socket.writable) return
    if (this.#isAnswering) {
      // Its turn comes; and nobody's end is heard before it.
      socket.pause()
      socket.unshift(bytes)
      return
    }
    const known = this.#ports.known.find(bytes)
    if (known === undefined) return this.#handOver(bytes)
    if (socket.writableLength > maxUnread) return void socket.destroy()
    this.#isAnswering = true
    this.#connection.began()
    this.#ports.answer(new KnownExchange(this, socket, known, bytes))
  }

  #handOver(bytes: Buffer): void {
    const socket = this.#socket
    socket.off('data', this.#heard).off('end', this.#ended).off('error', this.#failed)
    socket.pause()
    socket.unshift(bytes)
    this.#ports.read(socket)
    socket.resume()
  }

  readonly #ended = (): void => {
    this.#hasEnded = true
    if (this.#isAnswering) return
    if (this.#socket.writableLength === 0) this.#socket.destroy()
    else this.#socket.destroySoon()
  }

  readonly #failed = (): void => {
    this.#socket.destroy()
  }
}

class KnownExchange implements HttpExchange {
  readonly socket: Socket
  readonly #line: Line
  readonly #known: KnownRequest
  readonly #bytes: Buffer
  #isAnswered = false

  constructor(line: Line, socket: Socket, known: KnownRequest, bytes: Buffer) {
    this.#line = line
    this.socket = socket
    this.#known = known
    this.#bytes = bytes
  }

  get method(): string {
    return this.#known.method
  }

  get target(): string {
    return this.#known.target
  }

  get isAnswered(): boolean {
    return this.#isAnswered
  }

  header(name: string): string | undefined {
    return headerIn(this.#known.rawHeaders, name)
  }

  body(): Buffer | undefined {
    const { length } = this.#known
    return length === 0 ? undefined : this.#bytes.subarray(-length)
  }

  answer(status: number, headers: Headers, body: string | Buffer, mustBeLast = false): void {
    this.#isAnswered = true
    const isLast = mustBeLast || this.#known.isLast
    let head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`
    for (const name in headers) head += `${name}: ${headers[name]}\r\n`
    head += isLast ? 'Connection: close\r\n' : `Keep-Alive: ${keepAlive}\r\n`
    head += `Date: ${dateNow()}\r\n`
    head += isLast ? '\r\n' : 'Connection: keep-alive\r\n\r\n'
    if (typeof body === 'string') this.socket.write(head + body)
    else this.socket.write(Buffer.concat([Buffer.from(head, 'latin1'), body]))
    this.#line.answered(isLast)
  }

  drop(): void {
    this.socket.destroy()
  }
}

let second = 0
let date = ''

/** RFC 9110, section 5.6.7: of whole seconds. */
function dateNow(): string {
  const now = Math.floor(Date.now() / 1000)
  if (now !== second) {
    second = now
    date = new Date(now * 1000).toUTCString()
  }
  return date
}
