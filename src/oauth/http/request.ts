// One request to the authorization server: the only place in the program that sends to it, and so the one where https is
// enforced (P19, P21). It keeps a trace of how far the request got and what the response said.

import { Failure } from '../../core/failures.ts'
import { redact, type Redacted } from '../../core/redacted.ts'
import { defined } from '../../core/util/defined.ts'
import { type Json, normalDeviceBody, normalTokenBody, parseBody } from './normalize.ts'
import { type OAuthError, readOAuthError } from './oauth-error.ts'
import { requireSecureUrl } from './require-secure-url.ts'
import { newTrace, type RequestTrace } from './trace.ts'
import { type HttpResponse, sendHttp } from './transport.ts'
import type { Trust } from './trust.ts'

export interface OAuthRequestOptions {
  readonly trust: Trust
  readonly signal: AbortSignal
  /** For the request and its response. */
  readonly timeoutMs: number
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly userAgent: string
  /** Responses of these are brought into the form that their RFC gives them. */
  readonly endpoints?: { readonly token?: string | undefined; readonly device?: string | undefined }
  /** Keeps the ID token from openid-client, which would verify it. */
  readonly dropIdToken?: boolean
}

/** What fetch takes, as far as openid-client uses it. */
type FetchOptions = {
  readonly method?: string
  readonly headers?: ConstructorParameters<typeof Headers>[0]
  readonly body?: unknown
  readonly signal?: AbortSignal | null
}

/** What a token response says beyond what openid-client tells of it. It outlives a request for keys that may follow. */
export interface TokenAnswer {
  readonly receivedAt: number
  /** As the server wrote it. */
  readonly tokenType: string
  /** `refresh_token_expires_in` and the names that others give it; seconds. */
  readonly refreshTokenExpiresIn: number | undefined
  readonly idToken: Redacted<string> | undefined
  /** How far the server's clock is ahead of ours, in ms, by its Date header; undefined if it sent none. */
  readonly clockAheadMs: number | undefined
}

export class OAuthRequest {
  readonly #options: OAuthRequestOptions
  /** Of the last HTTP request. */
  trace: RequestTrace = newTrace('')
  /** Set once tokens have come. */
  answer: TokenAnswer | undefined

  constructor(options: OAuthRequestOptions) {
    this.#options = options
  }

  /** As the global fetch; for openid-client. */
  readonly fetch = async (target: string, options: FetchOptions): Promise<Response> => {
    const url = new URL(target)
    const trace = newTrace(url.host, parametersOf(options.body)?.has('refresh_token'))
    this.trace = trace
    const timeout = AbortSignal.timeout(this.#options.timeoutMs)
    const signal = AbortSignal.any([this.#options.signal, timeout, ...(options.signal ? [options.signal] : [])])
    try {
      requireSecureUrl(url, 'the address')
      const response = await sendHttp({
        url,
        method: options.method ?? 'GET',
        headers: this.#headers(options),
        body: bodyOf(options.body),
        trust: this.#options.trust,
        signal,
        onSent: () => {
          trace.sent = true
        },
      })
      trace.status = response.status
      trace.retryAfter = retryAfter(response.headers['retry-after'], this.#options.now())
      return this.#read(response, target, options)
    } catch (error) {
      // node:http reports every abort alike, and one in the body as a reset: only the signal knows why.
      trace.networkError = (signal.aborted && signal.reason instanceof Error ? signal.reason : error) as NodeJS.ErrnoException
      throw error
    }
  }

  /** A firewall in front of a server may refuse a request without User-Agent. */
  #headers({ headers }: FetchOptions): Record<string, string> {
    const all = Object.fromEntries(new Headers(headers).entries())
    return { ...all, 'user-agent': this.#options.userAgent, 'accept-encoding': 'identity' }
  }

  #read(response: HttpResponse, target: string, options: FetchOptions): Response {
    const { token, device } = this.#options.endpoints ?? {}
    const text = response.body.toString()
    this.trace.body = text.trim() === '' ? 'empty' : 'other'
    if (isPostTo(token, target, options)) return this.#tokenResponse(response, text, options)
    const json = parseBody(text)
    if (json !== undefined && (response.status >= 400 || options.method === 'POST'))
      this.#noteError(readOAuthError(json), options)
    if (json === undefined || !isPostTo(device, target, options)) return plainResponse(response)
    return jsonResponse(normalDeviceBody(json), response.status)
  }

  #tokenResponse(response: HttpResponse, text: string, options: FetchOptions): Response {
    const normal = normalTokenBody(text, response.status)
    if (normal === undefined) return plainResponse(response)
    const { json, status, tokenType, refreshTokenExpiresIn, error } = normal
    this.#noteError(error, options)
    if (status === 200 && typeof json['access_token'] === 'string') {
      const idToken = typeof json['id_token'] === 'string' ? redact(json['id_token']) : undefined
      const receivedAt = this.#options.now()
      const clockAheadMs = clockAhead(response.headers.date, receivedAt)
      this.answer = { receivedAt, tokenType, refreshTokenExpiresIn, idToken, clockAheadMs }
      this.trace.body = 'oauth'
    }
    if (this.#options.dropIdToken === true) delete json['id_token']
    this.trace.status = status
    return jsonResponse(json, status)
  }

  /** Servers have been seen to repeat the refresh token in the description of their error (L5). */
  #noteError(error: OAuthError | undefined, { body }: FetchOptions): void {
    if (error === undefined) return
    const secrets = secretsOf(body)
    const redacted = (text: string): string => secrets.reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), text)
    this.trace.body = 'oauth'
    this.trace.oauthError = {
      ...error,
      code: redacted(error.code),
      ...defined({ description: error.description === undefined ? undefined : redacted(error.description) }),
    }
  }
}

/** openid-client sends forms. */
const bodyOf = (body: unknown): Buffer | undefined =>
  body === undefined || body === null
    ? undefined
    : Buffer.from(body instanceof URLSearchParams ? body.toString() : (body as string))

const jsonResponse = (json: Json, status: number): Response => Response.json(json, { status: status < 200 ? 500 : status })

const isPostTo = (endpoint: string | undefined, target: string, { method }: FetchOptions): boolean =>
  method === 'POST' && endpoint !== undefined && new URL(endpoint).href === new URL(target).href

const secretParameters = ['refresh_token', 'code', 'code_verifier', 'device_code', 'client_secret', 'token']

const parametersOf = (body: unknown): URLSearchParams | undefined => (body instanceof URLSearchParams ? body : undefined)

const secretsOf = (body: unknown): readonly string[] =>
  secretParameters.flatMap((name) => parametersOf(body)?.getAll(name) ?? []).filter((value) => value.length > 3)

function plainResponse({ status, headers, body }: HttpResponse): Response {
  if (status < 200 || status > 599) throw new Failure('server_invalid_response', `the server answered with status ${status}`)
  // Response takes no body with these.
  const bodiless = [204, 205, 304].includes(status)
  const { 'content-type': type, location } = headers
  return new Response(bodiless ? null : new Uint8Array(body), {
    status,
    headers: defined({ 'content-type': type, location }) as Record<string, string>,
  })
}

/** Seconds. Some write milliseconds, and no server means to be left alone for a day: after this it is asked again (N15). */
const maxRetryAfter = 15 * 60

/** RFC 9110 section 10.2.3: seconds, or a date. */
function retryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined
  const seconds = /^\d+(\.\d+)?$/.test(header.trim()) ? Number(header) : (Date.parse(header) - now) / 1000
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(0, Math.ceil(seconds)), maxRetryAfter)
}

/** The header has whole seconds: the middle of that second is assumed. */
function clockAhead(date: string | undefined, now: number): number | undefined {
  const at = Date.parse(date ?? '')
  return Number.isNaN(at) ? undefined : at + 500 - now
}
