// Servers as they really are: what the engine is told for each answer of a token endpoint, and for each way of not answering.

import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ProfileTable, toProfile } from '../../src/config/config.ts'
import type { AuthorizationServer, TokenOutcome } from '../../src/core/ports.ts'
import { redact } from '../../src/core/redacted.ts'
import { metadataUrls } from '../../src/oauth/discovery.ts'
import { connectBy } from '../../src/oauth/server.ts'
import { systemClock } from '../../src/platform/clock.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

let http: Server
let origin: string
let answers: Map<string, Answer>

beforeEach(async () => {
  answers = new Map()
  http = createServer((request, response) => {
    const answer = answers.get(new URL(request.url ?? '', 'http://x').pathname)
    request.resume()
    request.on('end', () => (answer === undefined ? response.writeHead(404).end() : answer(request, response)))
  }).listen(0, '127.0.0.1')
  await once(http, 'listening')
  origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
})

afterEach(() => {
  http.closeAllConnections()
  http.close()
})

const never = new AbortController().signal
const connect = (table: Partial<ProfileTable> = {}): AuthorizationServer =>
  connectBy(systemClock)(
    toProfile('p', { issuer: origin, client_id: 'c', endpoints: { token: `${origin}/token` }, ...table }),
    async () => undefined,
  )
const refresh = (port = connect(), signal = never): Promise<TokenOutcome> =>
  port.refresh({ refreshToken: redact('the-refresh-token'), target: {} }, signal)

const send =
  (status: number, body: string, headers: Readonly<Record<string, string>> = { 'content-type': 'application/json' }): Answer =>
  (_, response) =>
    response.writeHead(status, headers).end(body)

describe('tokens that come in other clothes', () => {
  test.each<[string, string, Record<string, string>, object]>([
    [
      'as RFC 6749 has it',
      '{"access_token":"a","token_type":"Bearer","expires_in":60}',
      { 'content-type': 'application/json' },
      { expiresIn: 60 },
    ],
    ['no token_type', '{"access_token":"a","expires_in":60}', { 'content-type': 'application/json' }, { tokenType: 'Bearer' }],
    [
      'token_type in lower case',
      '{"access_token":"a","token_type":"bearer"}',
      { 'content-type': 'application/json' },
      { tokenType: 'Bearer' },
    ],
    [
      'expires_in as a text',
      '{"access_token":"a","token_type":"Bearer","expires_in":"60"}',
      { 'content-type': 'application/json' },
      { expiresIn: 60 },
    ],
    [
      'expires_in as null',
      '{"access_token":"a","token_type":"Bearer","expires_in":null,"refresh_token":null}',
      { 'content-type': 'application/json' },
      {},
    ],
    [
      'a negative expires_in',
      '{"access_token":"a","token_type":"Bearer","expires_in":-1}',
      { 'content-type': 'application/json' },
      {},
    ],
    [
      'scope as a list',
      '{"access_token":"a","token_type":"Bearer","scope":["b","a"]}',
      { 'content-type': 'application/json' },
      { scope: ['a', 'b'] },
    ],
    ['an empty scope', '{"access_token":"a","token_type":"Bearer","scope":""}', { 'content-type': 'application/json' }, {}],
    ['JSON as text/html', '{"access_token":"a","token_type":"Bearer"}', { 'content-type': 'text/html' }, {}],
    ['JSON without a content type', '{"access_token":"a","token_type":"Bearer"}', {}, {}],
    [
      'a form',
      'access_token=a&scope=repo&token_type=bearer',
      { 'content-type': 'application/x-www-form-urlencoded' },
      { scope: ['repo'] },
    ],
    [
      'a lifetime of the refresh token',
      '{"access_token":"a","token_type":"Bearer","refresh_expires_in":1800}',
      {},
      { refreshTokenExpiresIn: 1800 },
    ],
    ['an ID token nobody can read', '{"access_token":"a","token_type":"Bearer","id_token":"garbage"}', {}, {}],
    ['fields of its own', '{"access_token":"a","token_type":"Bearer","foo":{"bar":[1]}}', {}, {}],
  ])('%s', async (_, body, headers, expected) => {
    answers.set('/token', send(200, body, headers))
    const outcome = await refresh()
    expect(outcome).toMatchObject({ kind: 'tokens', response: expected })
    expect(outcome.kind === 'tokens' && outcome.response.accessToken.reveal()).toBe('a')
  })
})

describe('R4 refusals are told apart', () => {
  const html = '<html><title>Sign in to the hotel</title></html>'
  test.each<[string, Answer, string, string]>([
    ['400 invalid_grant', send(400, '{"error":"invalid_grant","error_description":"expired"}'), 'invalid_grant', 'expired'],
    ['400 with an empty body', send(400, '', {}), 'invalid_grant', 'without giving a reason'],
    ['401 with HTML', send(401, html, { 'content-type': 'text/html' }), 'invalid_grant', 'without giving a reason'],
    ['200 with an error', send(200, '{"error":"bad_refresh_token"}'), 'invalid_grant', 'bad_refresh_token'],
    ['interaction_required', send(400, '{"error":"interaction_required"}'), 'invalid_grant', 'interaction_required'],
    [
      '401 invalid_client with a challenge',
      send(401, '{"error":"invalid_client"}', { 'www-authenticate': 'Basic realm="x"' }),
      'client_refused',
      'invalid_client',
    ],
    ['400 unauthorized_client', send(400, '{"error":"unauthorized_client"}'), 'client_refused', 'unauthorized_client'],
    ['400 invalid_scope', send(400, '{"error":"invalid_scope"}'), 'refused', 'invalid_scope'],
    ['400 invalid_target', send(400, '{"error":"invalid_target"}'), 'refused', 'invalid_target'],
    ['429', send(429, '', { 'retry-after': '7' }), 'busy', 'limits requests'],
    ['429 with a date', send(429, '', { 'retry-after': new Date(Date.now() + 90_000).toUTCString() }), 'busy', 'limits requests'],
    ['503', send(503, html, {}), 'busy', '503'],
    ['500', send(500, '{"error":"server_error"}'), 'no_answer', 'problem of its own'],
    ['502 of a proxy', send(502, html, {}), 'no_answer', '502'],
    ['400 server_error', send(400, '{"error":"server_error"}'), 'no_answer', 'server_error'],
    ['200 with HTML (a captive portal)', send(200, html, { 'content-type': 'text/html' }), 'no_answer', "not RFC 6749's"],
    ['200 with nothing', send(200, '', {}), 'no_answer', "not RFC 6749's"],
    ['200 with half of the JSON', send(200, '{"access_token":"a","tok', {}), 'no_answer', "not RFC 6749's"],
    ['200 without an access token', send(200, '{"token_type":"Bearer"}'), 'no_answer', "not RFC 6749's"],
    ['a redirect', send(302, '', { location: 'https://elsewhere.example/token' }), 'refused', 'not followed'],
    ['307', send(307, '', { location: 'https://elsewhere.example/token' }), 'refused', 'not followed'],
    ['404', send(404, html, {}), 'refused', '404'],
    ['a reset', (request) => void request.socket.resetAndDestroy(), 'no_answer', 'broke'],
    [
      'a reset in the middle',
      (request, response) => {
        response.writeHead(200, { 'content-length': '100' }).write('{"acc')
        setTimeout(() => request.socket.resetAndDestroy(), 20)
      },
      'no_answer',
      'broke',
    ],
    [
      '100 MB',
      (_, response) => {
        response.writeHead(200)
        const chunk = Buffer.alloc(1024 * 1024, 'x')
        const pour = (): void => {
          while (!response.destroyed && response.write(chunk));
          if (!response.destroyed) response.once('drain', pour)
        }
        pour()
      },
      'no_answer',
      'far too much',
    ],
  ])('%s', async (name, answer, kind, words) => {
    answers.set('/token', answer)
    const outcome = await refresh()
    expect(outcome.kind).toBe(kind)
    if (outcome.kind === 'tokens') throw new Error('tokens')
    expect(outcome.failure.message).toContain(words)
    expect(JSON.stringify([outcome.failure.message, String(outcome.failure.cause)])).not.toContain('the-refresh-token')
    if (name === '429') expect(outcome.failure.details.retryAfter).toBe(7)
    if (name === '429 with a date') expect(outcome.failure.details.retryAfter).toBeGreaterThan(80)
  })

  test('nobody listens: nothing was sent', async () => {
    const port = connect()
    http.close()
    http.closeAllConnections()
    await once(http, 'close')
    expect(await refresh(port)).toMatchObject({ kind: 'not_sent', failure: { code: 'server_unreachable' } })
  })

  test('a name that does not exist: nothing was sent', async () => {
    const port = connect({ issuer: 'https://nowhere.invalid', endpoints: { token: 'https://nowhere.invalid/token' } })
    const outcome = await refresh(port)
    expect(outcome).toMatchObject({ kind: 'not_sent', failure: { code: 'server_unreachable' } })
  })

  test('P19 a certificate that nobody vouches for: nothing was sent', async () => {
    const tls = createTcpServer((socket) => socket.on('error', () => {}).end('this is not TLS')).listen(0, '127.0.0.1')
    await once(tls, 'listening')
    const { port } = tls.address() as AddressInfo
    const outcome = await refresh(connect({ endpoints: { token: `https://127.0.0.1:${port}/token` } }))
    expect(outcome).toMatchObject({ kind: 'not_sent', failure: { code: 'server_unreachable' } })
    tls.close()
  })

  test('a cancel after it was sent leaves it in doubt', async () => {
    const cancel = new AbortController()
    answers.set('/token', () => cancel.abort())
    expect(await refresh(connect(), cancel.signal)).toMatchObject({ kind: 'no_answer', failure: { code: 'cancelled' } })
  })
})

describe('discovery', () => {
  test('where metadata is looked for', () => {
    expect(metadataUrls('https://a.example/realms/b')).toEqual([
      'https://a.example/realms/b/.well-known/openid-configuration',
      'https://a.example/.well-known/oauth-authorization-server/realms/b',
      'https://a.example/realms/b/.well-known/oauth-authorization-server',
      'https://a.example/.well-known/openid-configuration/realms/b',
    ])
  })

  const discovering = (issuer = origin): AuthorizationServer =>
    connectBy(systemClock)(toProfile('p', { issuer, client_id: 'c' }), async () => undefined)
  const token = send(200, '{"access_token":"a","token_type":"Bearer"}')

  test('RFC 8414 alone, with a path, sparse, with nulls and unknown fields', async () => {
    const issuer = `${origin}/tenant`
    const metadata = { issuer, token_endpoint: `${origin}/token`, jwks_uri: null, grant_types_supported: null, what: [1] }
    answers.set('/.well-known/oauth-authorization-server/tenant', send(200, JSON.stringify(metadata)))
    answers.set('/token', token)
    expect(await refresh(discovering(issuer))).toMatchObject({ kind: 'tokens' })
  })

  test.each<[string, object | string, string]>([
    ['no metadata', 'nothing', 'discovery_failed'],
    ['no token endpoint', { issuer: 'ORIGIN' }, 'discovery_failed'],
    ['P3 another issuer', { issuer: 'https://evil.example', token_endpoint: 'ORIGIN/token' }, 'issuer_mismatch'],
    [
      'P19 a token endpoint without https',
      { issuer: 'ORIGIN', token_endpoint: 'http://elsewhere.example/token' },
      'insecure_url',
    ],
    ['a token endpoint that is no URL', { issuer: 'ORIGIN', token_endpoint: '/token' }, 'discovery_failed'],
    ['a list', '[]', 'discovery_failed'],
  ])('%s', async (_, metadata, code) => {
    const text = (typeof metadata === 'string' ? metadata : JSON.stringify(metadata)).replaceAll('ORIGIN', origin)
    answers.set('/.well-known/openid-configuration', send(200, text))
    expect(await refresh(discovering())).toMatchObject({ kind: 'not_sent', failure: { code } })
  })

  test('a failed discovery is not remembered; a good one outlives a server that is down', async () => {
    const port = discovering()
    answers.set('/.well-known/openid-configuration', send(503, ''))
    expect(await refresh(port)).toMatchObject({ kind: 'not_sent', failure: { code: 'server_unavailable' } })
    answers.set(
      '/.well-known/openid-configuration',
      send(200, JSON.stringify({ issuer: origin, token_endpoint: `${origin}/token` })),
    )
    answers.set('/token', token)
    expect(await refresh(port)).toMatchObject({ kind: 'tokens' })
  })
})
