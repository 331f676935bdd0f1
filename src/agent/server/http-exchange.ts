// A request and where its answer goes: read by node:http, or known because the same bytes were read before (known-requests.ts).

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Failure } from '../../core/failures.ts'
import { readUpTo } from '../../platform/read-up-to.ts'

export type Headers = Readonly<Record<string, string | number>>

/** ms for which a connection is kept that nobody uses; what clients are told is less, so that none asks as it is let go. */
export const keptFor = 70_000
export const keepAlive = 'timeout=60'

export interface HttpExchange {
  readonly socket: Socket
  readonly method: string
  /** Path and query. */
  readonly target: string
  /** A header or more has been sent, or nobody is there to send it to. */
  readonly isAnswered: boolean
  /** The first of this name, which is given in lower case. */
  header(name: string): string | undefined
  /** Undefined where there is none. Throws (rejects with) too_large where it has more than `most` bytes. */
  body(most: number): Buffer | undefined | Promise<Buffer>
  /** Whole, and once. `isLast`: the connection carries no other request. */
  answer(status: number, headers: Headers, body: string | Buffer, isLast?: boolean): void
  /** Ends the connection: whoever waits is not to take half an answer for a whole one. */
  drop(): void
}

/** The value of the first of this name. `rawHeaders` as in IncomingMessage; `name` in lower case. */
export function headerIn(rawHeaders: readonly string[], name: string): string | undefined {
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const key = rawHeaders[at] ?? ''
    if (key.length === name.length && (key === name || key.toLowerCase() === name)) return rawHeaders[at + 1]
  }
  return undefined
}

export class NodeHttpExchange implements HttpExchange {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#request = request
    this.#response = response
  }

  get socket(): Socket {
    return this.#request.socket
  }

  get method(): string {
    return this.#request.method ?? ''
  }

  get target(): string {
    return this.#request.url ?? ''
  }

  get isAnswered(): boolean {
    return this.#response.headersSent || this.#response.destroyed
  }

  header(name: string): string | undefined {
    return headerIn(this.#request.rawHeaders, name)
  }

  body(most: number): undefined | Promise<Buffer> {
    if (this.header('transfer-encoding') === undefined && (this.header('content-length') ?? '0') === '0') return undefined
    return readUpTo(this.#request, most, () => new Failure('too_large', `the body is larger than ${most} bytes`))
  }

  answer(status: number, headers: Headers, body: string | Buffer, isLast = false): void {
    const isKept = this.#response.shouldKeepAlive && !isLast
    const more = isKept ? { 'Keep-Alive': keepAlive } : { Connection: 'close' }
    this.#response.writeHead(status, { ...headers, ...more }).end(body)
  }

  drop(): void {
    this.#response.destroy()
  }
}
