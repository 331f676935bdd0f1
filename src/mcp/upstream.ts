// HTTP to an MCP server: nothing is buffered, connections are kept, and TLS is verified as for authorization servers (P19).

import type { IncomingMessage, RequestOptions } from 'node:http'
import type { AgentOptions } from 'node:https'
import { pipeline } from 'node:stream'
import { insecurityOf, isLoopback } from '../core/util/secure-url.ts'
import { Failure } from '../core/failures.ts'
import { isUnknownAuthority, readSystemStore, secureContext, type Trust } from '../oauth/http/trust.ts'

export interface UpstreamRequest {
  readonly method: string
  /** Beside that of the server's URL: what follows it. */
  readonly suffix?: string
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly body?: Buffer | NodeJS.ReadableStream
  readonly signal: AbortSignal
}

const trust: Trust = { ca: undefined, systemStore: true }
const maxHeaderBytes = 256 * 1024
const addressTimeoutMs = 3_000

export class Upstream {
  readonly #url: URL
  #connector: ReturnType<typeof connectorFor> | undefined

  /** Throws insecure_url. */
  constructor(url: URL) {
    const problem = insecurityOf(url)
    if (problem !== undefined) throw new Failure('insecure_url', `${url.origin} ${problem}`)
    this.#url = url
  }

  /** Resolves with the head of the answer. Throws server_unreachable. */
  async send(request: UpstreamRequest): Promise<IncomingMessage> {
    try {
      return await this.#sendOnce(request)
    } catch (error) {
      if (isUnknownAuthority(error) && readSystemStore(trust) && !isStream(request.body)) {
        this.#connector = undefined
        return this.#sendOnce(request)
      }
      if (request.signal.aborted) throw new Failure('cancelled', 'the client has cancelled the request')
      const { code, message } = error as NodeJS.ErrnoException
      throw new Failure('server_unreachable', `${this.#url.host} cannot be reached: ${code ?? message}`, { cause: error })
    }
  }

  close(): void {
    void this.#connector?.then(({ agent }) => agent.destroy())
  }

  async #sendOnce({ method, suffix = '', headers, body, signal }: UpstreamRequest): Promise<IncomingMessage> {
    this.#connector ??= connectorFor(this.#url)
    const { request, agent } = await this.#connector
    const url = suffix === '' ? this.#url : new URL(this.#url.href.replace(/[?#].*$/s, '').replace(/\/$/, '') + suffix)
    return new Promise((resolve, reject) => {
      const options: RequestOptions & { readonly autoSelectFamilyAttemptTimeout: number } = {
        method,
        headers: { ...headers, ...(Buffer.isBuffer(body) ? { 'content-length': String(body.length) } : {}) },
        agent,
        signal,
        maxHeaderSize: maxHeaderBytes,
        autoSelectFamilyAttemptTimeout: addressTimeoutMs,
      }
      const outgoing = request(url, options, resolve)
      outgoing.on('error', reject)
      if (isStream(body)) pipeline(body, outgoing, () => {})
      else outgoing.end(body)
    })
  }
}

const isStream = (body: UpstreamRequest['body']): body is NodeJS.ReadableStream => body !== undefined && !Buffer.isBuffer(body)

async function connectorFor(url: URL) {
  if (url.protocol === 'http:') {
    const http = process.getBuiltinModule('node:http')
    return { request: http.request, agent: new http.Agent({ keepAlive: true }) }
  }
  const https = process.getBuiltinModule('node:https')
  const options: AgentOptions & { proxyEnv?: NodeJS.ProcessEnv } = {
    keepAlive: true,
    secureContext: await secureContext(trust),
    rejectUnauthorized: true,
    ...(isLoopback(url) ? {} : { proxyEnv: process.env }),
  }
  return { request: https.request, agent: new https.Agent(options) }
}
