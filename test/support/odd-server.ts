// A server whose every answer a test writes itself: for what no well-kept server can be made to say. Loopback only.

import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type ProfileTable, toProfile } from '../../src/config/profile-table.ts'
import { Failure } from '../../src/core/failures.ts'
import type { AuthorizationServer, Clock, LoginProgress, TokenOutcome } from '../../src/core/ports.ts'
import { redact } from '../../src/core/redacted.ts'
import { defined } from '../../src/core/util/defined.ts'
import { connectBy } from '../../src/oauth/server.ts'
import { systemClock } from '../../src/platform/clock.ts'

export type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => unknown

export const never = new AbortController().signal

export const send =
  (status: number, body: string, headers: Readonly<Record<string, string>> = { 'content-type': 'application/json' }): Answer =>
  (_, response) =>
    response.writeHead(status, headers).end(body)

export const sendJson = (body: unknown, status = 200): Answer => send(status, JSON.stringify(body))

export class OddServer {
  /** By path; what has none is not found. */
  readonly answers = new Map<string, Answer>()
  /** Paths that were asked for, in order. */
  readonly asked: string[] = []
  readonly origin: string
  readonly http: ReturnType<typeof createServer>

  private constructor(http: ReturnType<typeof createServer>) {
    this.http = http
    this.origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
    http.on('request', (request, response) => {
      const path = new URL(request.url ?? '', 'http://x').pathname
      this.asked.push(path)
      let body = ''
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString()
      })
      request.on('end', () => (this.answers.get(path) ?? send(404, ''))(request, response, body))
    })
  }

  static async start(): Promise<OddServer> {
    const http = createServer().listen(0, '127.0.0.1')
    await once(http, 'listening')
    return new OddServer(http)
  }

  /** With metadata at the usual place. */
  discoverable(metadata: Readonly<Record<string, unknown>> = {}): void {
    this.answers.set('/.well-known/openid-configuration', sendJson({ ...this.metadata(), ...metadata }))
  }

  metadata(): Readonly<Record<string, unknown>> {
    const at = (path: string): string => `${this.origin}/${path}`
    return {
      issuer: this.origin,
      token_endpoint: at('token'),
      authorization_endpoint: at('auth'),
      device_authorization_endpoint: at('device'),
      revocation_endpoint: at('revoke'),
      jwks_uri: at('jwks'),
    }
  }

  /** By metadata, unless the table has endpoints. */
  connect(table: Partial<ProfileTable> = {}, { clock = systemClock, timeoutMs }: ConnectOptions = {}): AuthorizationServer {
    const profile = toProfile('p', { issuer: this.origin, client_id: 'c', ...table })
    return connectBy(clock, defined({ timeoutMs }))(profile, async () => undefined)
  }

  close(): void {
    this.http.closeAllConnections()
    this.http.close()
  }
}

interface ConnectOptions {
  readonly clock?: Clock
  readonly timeoutMs?: number
}

export const refresh = (port: AuthorizationServer, signal = never): Promise<TokenOutcome> =>
  port.refresh({ refreshToken: redact('the-refresh-token'), target: {} }, signal)

/** The address that a browser comes back on: this login's state, and what the server is to have added. */
export function callbackOf(progress: LoginProgress, answer: Readonly<Record<string, string>> = { code: 'the-code' }): URL {
  if (progress.type !== 'open_browser') throw new Error(progress.type)
  const url = new URL(progress.redirectUri)
  const state = new URL(progress.url).searchParams.get('state') ?? ''
  url.search = new URLSearchParams({ ...answer, state }).toString()
  return url
}

export async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const error: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (error instanceof Failure) return error
  throw new Error('it did not fail, or by another error', { cause: error })
}
