// A request and where its answer goes: read by node:http, or by the fast path.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Failure } from '../../core/failures.ts'
import { readUpTo } from '../../platform/read-up-to.ts'
import { keepAlive } from './limits.ts'

export type Headers = Readonly<Record<string, string | number>>

export interface HttpExchange {
  readonly socket: Socket
  readonly method: string
  /** Path and query. */
  readonly target: string
  /** A header or more has been sent, or the connection is closed. */
  readonly isAnswered: boolean
  /** The first header of this name, which is given in lower case. */
  header(name: string): string | undefined
  /** Undefined if there is none. Throws (rejects with) too_large, or bad_request if it was cut off. */
  body(maxBytes: number): Buffer | undefined | Promise<Buffer>
  /** Whole, and once. `isLast`: the connection carries no other request. */
  answer(status: number, headers: Headers, body: string | Buffer, isLast?: boolean): void
  /** Closes the connection, so that half an answer is not taken for a whole one. */
  drop(): void
}

/** The value of the first header of this name. `rawHeaders` as in IncomingMessage; `name` in lower case. */
export function headerIn(rawHeaders: readonly string[], name: string): string | undefined {
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const key = rawHeaders[at] ?? ''
    if (key.length === name.length && (key === name || key.toLowerCase() === name)) return rawHeaders[at + 1]
  }
  return undefined
}

export class NodeHttpExchange implements HttpExchange {
  readonly socket: Socket
  readonly method: string
  readonly target: string
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #hold: (socket: Socket, bytes: number) => boolean
  #isCut = false

  /** `hold`: whether there is room for so many bytes of the body. */
  constructor(request: IncomingMessage, response: ServerResponse, hold: (socket: Socket, bytes: number) => boolean = () => true) {
    this.#request = request
    this.#response = response
    this.#hold = hold
    ;({ socket: this.socket, method: this.method = '', url: this.target = '' } = request)
  }

  get isAnswered(): boolean {
    return this.#response.headersSent || this.#response.destroyed
  }

  header(name: string): string | undefined {
    return headerIn(this.#request.rawHeaders, name)
  }

  body(maxBytes: number): undefined | Promise<Buffer> {
    if (this.header('transfer-encoding') === undefined && (this.header('content-length') ?? '0') === '0') return undefined
    const tooLarge = (): Failure => new Failure('too_large', `the body is larger than ${maxBytes} bytes`)
    const refuse = (bytes: number): Failure | undefined => (this.#hold(this.socket, bytes) ? undefined : tooManyBytes())
    return readUpTo(this.#request, maxBytes, tooLarge, refuse).catch((error: unknown) => {
      this.#isCut = true
      throw error instanceof Failure ? error : new Failure('bad_request', 'the body was cut off', { cause: error })
    })
  }

  answer(status: number, headers: Headers, body: string | Buffer, isLast = false): void {
    // After a body that was not read to its end, no other request can be read.
    const isKept = this.#response.shouldKeepAlive && !isLast && !this.#isCut
    const connection = isKept ? { 'Keep-Alive': keepAlive } : { Connection: 'close' }
    this.#response.writeHead(status, { ...headers, ...connection }).end(body)
  }

  drop(): void {
    this.#response.destroy()
  }
}

const tooManyBytes = (): Failure =>
  new Failure('too_many_requests', 'the bodies that wait to be answered are too large together', { retryAfter: 1 })
