// Servers as they really are: what the engine is told for each answer of a token endpoint, and for each way of not answering.

import { once } from 'node:events'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ProfileTable } from '../../src/config/config.ts'
import type { AuthorizationServer, TokenOutcome } from '../../src/core/ports.ts'
import { type Answer, never, OddServer, refresh as refreshBy, send, sendJson } from '../support/odd-server.ts'

let server: OddServer

beforeEach(async () => {
  server = await OddServer.start()
})

afterEach(() => server.close())

const connect = (table: Partial<ProfileTable> = {}): AuthorizationServer =>
  server.connect({ endpoints: { token: `${server.origin}/token` }, ...table })
const refresh = (port = connect(), signal = never): Promise<TokenOutcome> => refreshBy(port, signal)

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
    ['BearerToken of Apigee', '{"access_token":"a","token_type":"BearerToken"}', {}, { tokenType: 'Bearer' }],
    ['a token_type that is no token', '{"access_token":"a","token_type":"Bea\\r\\nrer"}', {}, { tokenType: 'Bearer' }],
    ['a token_type of its own', '{"access_token":"a","token_type":"DPoP"}', {}, { tokenType: 'DPoP' }],
    ['scope with commas', '{"access_token":"a","token_type":"Bearer","scope":"repo,gist"}', {}, { scope: ['gist', 'repo'] }],
    ['scope as a number', '{"access_token":"a","token_type":"Bearer","scope":5}', {}, {}],
    ['expires_in beyond all time', '{"access_token":"a","token_type":"Bearer","expires_in":1e306}', {}, { expiresIn: 316224000 }],
    ['expires_in as true', '{"access_token":"a","token_type":"Bearer","expires_in":true}', {}, {}],
    ['refresh_token as false', '{"access_token":"a","token_type":"Bearer","refresh_token":false}', {}, {}],
  ])('%s', async (_, body, headers, expected) => {
    server.answers.set('/token', send(200, body, headers))
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
    ['200 of Slack', sendJson({ ok: false, error: 'invalid_refresh_token' }), 'invalid_grant', 'invalid_refresh_token'],
    ['408', send(408, '', {}), 'busy', '408'],
    ['425', send(425, '', {}), 'busy', '425'],
    [
      'a description that repeats the refresh token',
      sendJson({ error: 'invalid_grant', error_description: 'unknown token the-refresh-token' }, 400),
      'invalid_grant',
      'unknown token [redacted]',
    ],
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
    server.answers.set('/token', answer)
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
    server.close()
    await once(server.http, 'close')
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

  test.each([
    ['at once', (): void => {}],
    [
      'in the body',
      (_: unknown, response: { writeHead: (status: number, headers: object) => { write: (text: string) => void } }): void => {
        response.writeHead(200, { 'content-length': 100 }).write('{')
      },
    ],
  ])('a server that hangs %s: a time-out, told apart from a reset', async (_, answer) => {
    server.answers.set('/token', answer as Answer)
    const port = server.connect({ endpoints: { token: `${server.origin}/token` } }, { patience: 150 })
    expect(await refresh(port)).toMatchObject({ kind: 'no_answer', failure: { code: 'server_timeout' } })
  })

  test('a cancel after it was sent leaves it in doubt', async () => {
    const cancel = new AbortController()
    server.answers.set('/token', () => cancel.abort())
    expect(await refresh(connect(), cancel.signal)).toMatchObject({ kind: 'no_answer', failure: { code: 'cancelled' } })
  })
})
