// A proxy of our own before a server's token endpoint: it forwards, and misbehaves when it is told to. It can also play a
// server with a grace period, which answers a refresh token that was used already as it did the first time.

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Reply {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

export interface Passing {
  readonly response: ServerResponse
  /** Sends it on and gives the upstream's answer. */
  readonly forward: () => Promise<Reply>
}

/** What becomes of one request. */
export type Fault = (passing: Passing) => Promise<void> | void

export interface Passed {
  /** Of the refresh token, SHA-256. */
  readonly digest: string
  readonly at: number
  /** The upstream has answered it with tokens: the refresh token is spent. */
  wasSpent: boolean
}

export class FaultProxy {
  /** Takes each request, while it is set. */
  fault: Fault | undefined
  readonly passed: Passed[] = []
  readonly url: string
  readonly #server: ReturnType<typeof createServer>
  readonly #upstream: string
  readonly #grace: number
  readonly #answered = new Map<string, { readonly reply: Promise<Reply>; readonly at: number }>()

  private constructor(server: ReturnType<typeof createServer>, upstream: string, grace: number) {
    this.#server = server
    this.#upstream = upstream
    this.#grace = grace
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`
    server.on('request', (request, response) => {
      this.#pass(request, response).catch(() => response.destroy())
    })
  }

  /** `grace` in seconds. */
  static async start(upstream: string, { grace = 0 }: { readonly grace?: number } = {}): Promise<FaultProxy> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new FaultProxy(server, upstream, grace)
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = ''
    for await (const chunk of request as AsyncIterable<Buffer>) body += chunk.toString()
    const refreshToken = new URLSearchParams(body).get('refresh_token')
    const passed: Passed = {
      digest: createHash('sha256')
        .update(refreshToken ?? '')
        .digest('hex'),
      at: Date.now(),
      wasSpent: false,
    }
    if (refreshToken !== null) this.passed.push(passed)
    const forward = async (): Promise<Reply> => {
      const reply = await this.#forward(body, passed.digest, refreshToken !== null)
      passed.wasSpent ||= reply.status === 200
      return reply
    }
    const { fault } = this
    if (fault === undefined || refreshToken === null) return answer(response, await forward())
    return fault({ response, forward })
  }

  async #forward(body: string, digest: string, isRefresh: boolean): Promise<Reply> {
    const known = this.#answered.get(digest)
    if (isRefresh && known !== undefined && Date.now() - known.at < this.#grace * 1000) return known.reply
    const reply = this.#ask(body)
    if (isRefresh && this.#grace > 0) this.#answered.set(digest, { reply, at: Date.now() })
    return reply
  }

  async #ask(body: string): Promise<Reply> {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const response = await fetch(this.#upstream, { method: 'POST', headers, body, redirect: 'manual' })
    const contentType = response.headers.get('content-type') ?? ''
    return { status: response.status, contentType, body: await response.text() }
  }
}

export const answer = (response: ServerResponse, { status, contentType, body }: Reply): void =>
  void response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' }).end(body)

/** As if the connection had broken: RST. */
export const reset = (response: ServerResponse): void => void response.socket?.resetAndDestroy()
