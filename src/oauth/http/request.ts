// One request to the authorization server: the only place in the program that sends to it, and so the one where https is
// enforced (P19, P21). It keeps a trace of how far the request got and what the response said.

import { Failure } from '../../core/failures.ts'
import { redact, type Redacted } from '../../core/redacted.ts'
import { requireSecureUrl } from './require-secure-url.ts'
import { type Json, normalDeviceBody, normalTokenBody, parseBody } from './normalize.ts'
import { newTrace, type RequestTrace } from './trace.ts'
import { type HttpResponse, sendHttp } from './transport.ts'

export interface OAuthRequestOptions {
  /** PEM, trusted beside the system's certificates. */
  readonly ca: string | undefined
  readonly signal: AbortSignal
  /** For the whole exchange. */
  readonly timeoutMs: number
  /** Milliseconds since the epoch. */
  readonly now: () => number
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
    const trace = newTrace(url.host)
    this.trace = trace
    const timeout = AbortSignal.timeout(this.#options.timeoutMs)
    const signal = AbortSignal.any([this.#options.signal, timeout, ...(options.signal ? [options.signal] : [])])
    try {
      requireSecureUrl(url, 'the address')
      const response = await sendHttp({
        url,
        method: options.method ?? 'GET',
        headers: Object.fromEntries(new Headers(options.headers).entries()),
        body: bodyOf(options.body),
        ca: this.#options.ca,
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

  #read(response: HttpResponse, target: string, options: FetchOptions): Response {
    const { token, device } = this.#options.endpoints ?? {}
    if (isPostTo(token, target, options)) return this.#tokenResponse(response, options)
    if (isPostTo(device, target, options)) return this.#deviceResponse(response, options)
    if (options.method === 'POST') this.#noteError(parseBody(response.body.toString()), options)
    return plainResponse(response)
  }

  #tokenResponse(response: HttpResponse, options: FetchOptions): Response {
    const normal = normalTokenBody(response.body.toString(), response.status)
    if (normal === undefined) return plainResponse(response)
    const { json, status, tokenType, refreshTokenExpiresIn } = normal
    this.#noteError(json, options)
    if (status === 200 && typeof json['access_token'] === 'string') {
      const idToken = typeof json['id_token'] === 'string' ? redact(json['id_token']) : undefined
      this.answer = { receivedAt: this.#options.now(), tokenType, refreshTokenExpiresIn, idToken }
    }
    if (this.#options.dropIdToken === true) delete json['id_token']
    this.trace.status = status
    return jsonResponse(json, status)
  }

  #deviceResponse(response: HttpResponse, options: FetchOptions): Response {
    const json = parseBody(response.body.toString())
    if (json === undefined) return plainResponse(response)
    this.#noteError(json, options)
    return jsonResponse(normalDeviceBody(json), response.status)
  }

  /** Servers have been seen to repeat the refresh token in the description of their error (L5). */
  #noteError(json: Json | undefined, { body }: FetchOptions): void {
    if (typeof json?.['error'] !== 'string') return
    const redacted = (text: string): string =>
      secretsOf(body).reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), text)
    this.trace.oauthError = redacted(json['error'])
    const description = json['error_description']
    this.trace.oauthErrorDescription = typeof description === 'string' ? redacted(description) : undefined
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

const secretsOf = (body: unknown): readonly string[] =>
  body instanceof URLSearchParams ? secretParameters.flatMap((name) => body.getAll(name)).filter((value) => value.length > 3) : []

function plainResponse({ status, headers, body }: HttpResponse): Response {
  if (status < 200 || status > 599) throw new Failure('server_invalid_response', `the server answered with status ${status}`)
  const type = headers['content-type']
  // Response takes no body with these.
  const bodiless = [204, 205, 304].includes(status)
  return new Response(bodiless ? null : new Uint8Array(body), {
    status,
    ...(type === undefined ? {} : { headers: { 'content-type': type } }),
  })
}

/** RFC 9110 section 10.2.3: seconds, or a date. */
function retryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined
  if (/^\d{1,9}$/.test(header.trim())) return Number(header)
  const date = Date.parse(header)
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - now) / 1000))
}
