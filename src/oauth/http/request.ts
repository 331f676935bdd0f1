// One request to the authorization server, on node:http so that it is known how far it got: nothing sent, sent without an
// answer, answered (R4). Redirects are never followed, bodies are capped, TLS is never off (P19).

import type { IncomingMessage, RequestOptions } from 'node:http'
import type { AgentOptions } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { Failure } from '../../core/failures.ts'
import { redact, type Redacted } from '../../core/redacted.ts'
import { type Json, normalDeviceBody, normalTokenBody, parseBody } from './normalize.ts'

/** Bytes of an answer; metadata and keys of the largest servers are a tenth of it. */
const maxBody = 1024 * 1024
export interface OAuthRequestOptions {
  /** PEM, trusted beside the system's. */
  readonly ca: string | undefined
  readonly signal: AbortSignal
  /** ms for a whole exchange. */
  readonly patience: number
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
}

/** What a token answer says beyond what openid-client tells of it. It outlives the request for keys that may follow. */
export interface TokenAnswer {
  readonly receivedAt: number
  readonly tokenType: string
  /** `refresh_token_expires_in` and the names that others give it; seconds. */
  readonly refreshTokenExpiresIn: number | undefined
  readonly idToken: Redacted<string> | undefined
}

/** Answers of these are brought into the form that their RFC gives them. */
interface KnownEndpoints {
  readonly token?: string | undefined
  readonly device?: string | undefined
}

const untouched = (): Trace => ({
  sent: false,
  host: '',
  status: undefined,
  oauthError: undefined,
  oauthErrorDescription: undefined,
  retryAfter: undefined,
  trouble: undefined,
})

export class OAuthRequest {
  readonly #options: OAuthRequestOptions
  readonly #endpoints: KnownEndpoints
  readonly #dropIdToken: boolean
  trace: Trace = untouched()
  /** Set once tokens have come. */
  answer: TokenAnswer | undefined

  /** `dropIdToken` keeps the ID token from openid-client. */
  constructor(options: OAuthRequestOptions, endpoints: KnownEndpoints = {}, dropIdToken = false) {
    this.#options = options
    this.#endpoints = endpoints
    this.#dropIdToken = dropIdToken
  }

  /** As fetch, for openid-client. */
  readonly fetch = async (target: string, options: FetchOptions): Promise<Response> => {
    const url = new URL(target)
    this.trace = { ...untouched(), host: url.host }
    const { trace } = this
    const signal = AbortSignal.any([
      this.#options.signal,
      AbortSignal.timeout(this.#options.patience),
      ...(options.signal ? [options.signal] : []),
    ])
    try {
      const answer = await this.#send(url, options, signal)
      trace.status = answer.statusCode
      trace.retryAfter = retryAfter(answer.headers['retry-after'], this.#options.now())
      const body = await readBody(answer)
      if (isPostTo(this.#endpoints.token, target, options)) return this.#tokenResponse(answer, body, options)
      if (isPostTo(this.#endpoints.device, target, options)) return this.#deviceResponse(answer, body, options)
      if (options.method === 'POST') this.#noteError(parseBody(body.toString()), options)
      return plainResponse(answer, body)
    } catch (error) {
      // node:http reports every abort alike, and one in the body as a reset: only the signal knows why.
      trace.trouble = (signal.aborted && signal.reason instanceof Error ? signal.reason : error) as NodeJS.ErrnoException
      throw error
    }
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
        // Before the connection (with TLS: the handshake) is complete, nothing of the request leaves this machine. Through
        // a proxy the socket comes when it is.
        const isTls = url.protocol === 'https:'
        const isOpen = isTls ? !(socket as TLSSocket & { secureConnecting: boolean }).secureConnecting : !socket.connecting
        const markSent = (): void => {
          this.trace.sent = true
        }
        if (isOpen) markSent()
        else socket.once(isTls ? 'secureConnect' : 'connect', markSent)
      })
      outgoing.end(body)
    })
  }

  /** A connection for each request: on one that is kept, a reset does not tell whether the request was read. */
  async #transport(url: URL) {
    const proxyEnv = isLoopback(url) ? undefined : process.env
    if (url.protocol === 'http:') {
      const http = process.getBuiltinModule('node:http')
      return { request: http.request, agent: new http.Agent({ keepAlive: false }) }
    }
    const https = process.getBuiltinModule('node:https')
    const { rootCertificates, getCACertificates } = await import('node:tls')
    const { ca } = this.#options
    const trusted = (): string[] => [
      ...(typeof getCACertificates === 'function' ? getCACertificates('default') : rootCertificates),
    ]
    const options: AgentOptions & { proxyEnv?: NodeJS.ProcessEnv } = {
      keepAlive: false,
      minVersion: 'TLSv1.2',
      // Said outright, for the default is NODE_TLS_REJECT_UNAUTHORIZED's to change.
      rejectUnauthorized: true,
      ...(ca === undefined ? {} : { ca: [...trusted(), ca] }),
      ...(proxyEnv === undefined ? {} : { proxyEnv }),
    }
    return { request: https.request, agent: new https.Agent(options) }
  }

  #tokenResponse(answer: IncomingMessage, body: Buffer, options: FetchOptions): Response {
    const normal = normalTokenBody(body.toString(), answer.statusCode ?? 0)
    if (normal === undefined) return plainResponse(answer, body)
    const { json, status, tokenType, refreshTokenExpiresIn } = normal
    this.#noteError(json, options)
    if (status === 200 && typeof json['access_token'] === 'string') {
      const idToken = typeof json['id_token'] === 'string' ? redact(json['id_token']) : undefined
      this.answer = { receivedAt: this.#options.now(), tokenType, refreshTokenExpiresIn, idToken }
    }
    if (this.#dropIdToken) delete json['id_token']
    this.trace.status = status
    return jsonResponse(json, status)
  }

  #deviceResponse(answer: IncomingMessage, body: Buffer, options: FetchOptions): Response {
    const json = parseBody(body.toString())
    if (json === undefined) return plainResponse(answer, body)
    this.#noteError(json, options)
    return jsonResponse(normalDeviceBody(json), answer.statusCode ?? 0)
  }

  /** Servers have been seen to repeat the refresh token in the description of their error (L5). */
  #noteError(json: Json | undefined, { body }: FetchOptions): void {
    if (typeof json?.['error'] !== 'string') return
    const clean = (text: string): string => secretsOf(body).reduce((text, secret) => text.replaceAll(secret, '[redacted]'), text)
    this.trace.oauthError = clean(json['error'])
    const description = json['error_description']
    this.trace.oauthErrorDescription = typeof description === 'string' ? clean(description) : undefined
  }
}

const jsonResponse = (json: Json, status: number): Response => Response.json(json, { status: status < 200 ? 500 : status })

const isPostTo = (endpoint: string | undefined, target: string, { method }: FetchOptions): boolean =>
  method === 'POST' && endpoint !== undefined && new URL(endpoint).href === new URL(target).href

const secretParameters = ['refresh_token', 'code', 'code_verifier', 'device_code', 'client_secret', 'token']

const secretsOf = (body: unknown): readonly string[] =>
  body instanceof URLSearchParams ? secretParameters.flatMap((name) => body.getAll(name)).filter((value) => value.length > 3) : []

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
    if (size > maxBody) {
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
