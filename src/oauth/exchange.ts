// One request to the authorization server, on node:http so that it is known how far it got: nothing sent, sent without an
// answer, answered (R4). Redirects are never followed, bodies are capped, TLS is never off (P19).

import type { IncomingMessage, RequestOptions } from 'node:http'
import type { AgentOptions } from 'node:https'
import { Failure } from '../core/failures.ts'
import { redact, type Redacted } from '../core/redacted.ts'
import { normalTokenBody } from './token-body.ts'

/** Bytes of an answer; metadata and keys of the largest servers are a tenth of it. */
const largestBody = 1024 * 1024
/** ms for a whole exchange. */
const patience = 30_000

export interface ExchangeOptions {
  /** PEM, trusted beside the system's. */
  readonly ca: string | undefined
  readonly signal: AbortSignal
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

type FetchOptions = {
  readonly method?: string
  readonly headers?: ConstructorParameters<typeof Headers>[0]
  readonly body?: unknown
  readonly signal?: AbortSignal | null
}

/** What became of the last request. */
export interface Trace {
  /** Something of the request may have reached the server. */
  sent: boolean
  host: string
  status: number | undefined
  /** The `error` of an OAuth error answer. */
  oauthError: string | undefined
  oauthErrorDescription: string | undefined
  /** Seconds. */
  retryAfter: number | undefined
  /** What went wrong with the connection, if something did. */
  trouble: NodeJS.ErrnoException | undefined
  /** `refresh_token_expires_in` and the names that others give it; seconds. */
  refreshTokenExpiresIn: number | undefined
  idToken: Redacted<string> | undefined
}

const untouched = (): Trace => ({
  sent: false,
  host: '',
  status: undefined,
  oauthError: undefined,
  oauthErrorDescription: undefined,
  retryAfter: undefined,
  trouble: undefined,
  refreshTokenExpiresIn: undefined,
  idToken: undefined,
})

export class Exchange {
  readonly #options: ExchangeOptions
  readonly #tokenEndpoint: string | undefined
  readonly #dropIdToken: boolean
  trace: Trace = untouched()

  /** Answers of `tokenEndpoint` are brought into the form of RFC 6749; `dropIdToken` keeps the ID token from openid-client. */
  constructor(options: ExchangeOptions, tokenEndpoint?: string, dropIdToken = false) {
    this.#options = options
    this.#tokenEndpoint = tokenEndpoint
    this.#dropIdToken = dropIdToken
  }

  /** As fetch, for openid-client. */
  readonly fetch = async (target: string, options: FetchOptions): Promise<Response> => {
    const url = new URL(target)
    this.trace = { ...untouched(), host: url.host }
    const { trace } = this
    const signal = AbortSignal.any([
      this.#options.signal,
      AbortSignal.timeout(patience),
      ...(options.signal ? [options.signal] : []),
    ])
    try {
      const answer = await this.#send(url, options, signal)
      trace.status = answer.statusCode
      trace.retryAfter = retryAfter(answer.headers['retry-after'], this.#options.now())
      const body = await readBody(answer)
      return this.#isTokenEndpoint(target, options) ? this.#tokenResponse(answer, body) : plainResponse(answer, body)
    } catch (error) {
      trace.trouble = error as NodeJS.ErrnoException
      throw error
    }
  }

  #isTokenEndpoint(target: string, { method }: FetchOptions): boolean {
    return method === 'POST' && this.#tokenEndpoint !== undefined && new URL(this.#tokenEndpoint).href === new URL(target).href
  }

  async #send(url: URL, options: FetchOptions, signal: AbortSignal): Promise<IncomingMessage> {
    signal.throwIfAborted()
    const body = options.body === undefined || options.body === null ? undefined : Buffer.from(textOf(options.body))
    const headers = Object.fromEntries(new Headers(options.headers).entries())
    if (body !== undefined) headers['content-length'] = String(body.length)
    const { request, agent } = await this.#transport(url)
    return new Promise((resolve, reject) => {
      const outgoing = request(url, { method: options.method ?? 'GET', headers, agent, signal } satisfies RequestOptions, resolve)
      outgoing.on('error', reject)
      outgoing.on('socket', (socket) => {
        // Before the connection (with TLS: the handshake) is complete, nothing of the request leaves this machine.
        socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
          this.trace.sent = true
        })
      })
      outgoing.end(body)
    })
  }

  /** A connection for each request: on one that is kept, a reset does not tell whether the request was read. */
  async #transport(url: URL) {
    const proxyEnv = isLoopback(url) ? undefined : process.env
    if (url.protocol === 'http:') {
      const http = await import('node:http')
      return { request: http.request, agent: new http.Agent({ keepAlive: false }) }
    }
    const https = await import('node:https')
    const { rootCertificates, getCACertificates } = await import('node:tls')
    const { ca } = this.#options
    const trusted = (): string[] => [
      ...(typeof getCACertificates === 'function' ? getCACertificates('default') : rootCertificates),
    ]
    const options: AgentOptions & { proxyEnv?: NodeJS.ProcessEnv } = {
      keepAlive: false,
      minVersion: 'TLSv1.2',
      ...(ca === undefined ? {} : { ca: [...trusted(), ca] }),
      ...(proxyEnv === undefined ? {} : { proxyEnv }),
    }
    return { request: https.request, agent: new https.Agent(options) }
  }

  #tokenResponse(answer: IncomingMessage, body: Buffer): Response {
    const { trace } = this
    const { json, status } = normalTokenBody(body.toString(), answer.statusCode ?? 0)
    if (json === undefined) return plainResponse(answer, body)
    if (typeof json['error'] === 'string') {
      trace.oauthError = json['error']
      trace.oauthErrorDescription = typeof json['error_description'] === 'string' ? json['error_description'] : undefined
    }
    const lifetime = Number(json['refresh_token_expires_in'] ?? json['refresh_expires_in'])
    // Keycloak writes 0 for a token that does not expire.
    trace.refreshTokenExpiresIn = Number.isFinite(lifetime) && lifetime > 0 ? lifetime : undefined
    trace.idToken = typeof json['id_token'] === 'string' ? redact(json['id_token']) : undefined
    if (this.#dropIdToken) delete json['id_token']
    trace.status = status
    return new Response(JSON.stringify(json), { status, headers: { 'content-type': 'application/json' } })
  }
}

function plainResponse(answer: IncomingMessage, body: Buffer): Response {
  const status = answer.statusCode ?? 0
  const headers = new Headers()
  const type = answer.headers['content-type']
  if (type !== undefined) headers.set('content-type', type)
  // Response takes no body with these, and no status below 200.
  const bodiless = [204, 205, 304].includes(status)
  if (status < 200 || status > 599) throw new Failure('server_invalid_response', `the server answered with status ${status}`)
  return new Response(bodiless ? null : new Uint8Array(body), { status, headers })
}

async function readBody(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > largestBody) {
      answer.destroy()
      throw Object.assign(new Error('the answer is too large'), { code: 'AUTHSOCK_TOO_LARGE' })
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** openid-client sends forms. */
const textOf = (body: unknown): string => (body instanceof URLSearchParams ? body.toString() : (body as string))

export const isLoopback = (url: URL): boolean => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)

/** RFC 9110 section 10.2.3: seconds, or a date. */
function retryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined
  if (/^\d{1,9}$/.test(header.trim())) return Number(header)
  const date = Date.parse(header)
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - now) / 1000))
}
