// What servers answer to a revocation (P18, RFC 7009), and what is made of it.

import { once } from 'node:events'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { redact } from '../../../src/core/redacted.ts'
import { type Answer, failureOf, never, OddServer, send, sendJson } from '../../support/odd-server.ts'

let server: OddServer

beforeEach(async () => {
  server = await OddServer.start()
  server.discoverable()
})

afterEach(() => server.close())

const revoke = (port = server.connect(), signal = never): Promise<'revoked' | 'unsupported'> =>
  port.revoke(redact('the-refresh-token'), 'refresh_token', signal)

test('P18 the token is sent with what it is, as a form', async () => {
  let form = new URLSearchParams()
  server.answers.set('/revoke', (request, response, body) => {
    form = new URLSearchParams(body)
    send(200, '')(request, response, body)
  })
  expect(await revoke()).toBe('revoked')
  expect(Object.fromEntries(form)).toEqual({ token: 'the-refresh-token', token_type_hint: 'refresh_token', client_id: 'c' })
})

test.each<[string, Answer]>([
  ['200 with nothing', send(200, '', {})],
  ['200 with a page', send(200, '<html>', { 'content-type': 'text/html' })],
  ['200 with an object', sendJson({})],
  ['204', send(204, '', {})],
])('P18 %s is a yes', async (_, answer) => {
  server.answers.set('/revoke', answer)
  expect(await revoke()).toBe('revoked')
})

test('P18 a server that revokes nothing is not asked; one that does not revoke this type says so', async () => {
  server.answers.set('/revoke', sendJson({ error: 'unsupported_token_type' }, 400))
  expect(await revoke()).toBe('unsupported')
  const { length } = server.asked
  server.discoverable({ revocation_endpoint: undefined })
  expect(await revoke()).toBe('unsupported')
  expect(server.asked.slice(length)).not.toContain('/revoke')
})

test.each<[string, Answer, string, string]>([
  ['an unknown token', sendJson({ error: 'invalid_token' }, 400), 'server_refused', 'invalid_token'],
  ['another client', sendJson({ error: 'invalid_client' }, 401), 'client_refused', 'invalid_client'],
  ['nothing there', send(404, ''), 'server_invalid_response', '404'],
  ['a redirect', send(302, '', { location: '/elsewhere' }), 'server_invalid_response', 'redirect (302)'],
  ['a bad moment', send(503, ''), 'server_unavailable', '503'],
  ['a server error', send(500, '<html>', {}), 'server_unavailable', '500'],
  ['a reset', (request) => void request.socket.resetAndDestroy(), 'server_timeout', 'broke'],
  [
    'words that repeat the token',
    sendJson({ error: 'invalid_token', error_description: 'no such token: the-refresh-token' }, 400),
    'server_refused',
    'no such token: [redacted]',
  ],
])('P18 %s is no revocation, and is told as what it is', async (_, answer, code, words) => {
  server.answers.set('/revoke', answer)
  const failure = await failureOf(revoke())
  expect(failure).toMatchObject({ code, message: expect.stringContaining(words) as string })
  expect(JSON.stringify([failure.message, failure.details, String(failure.cause)])).not.toContain('the-refresh-token')
  expect(server.asked.filter((path) => path !== '/.well-known/openid-configuration')).toEqual(['/revoke'])
})

test('a server that hangs, one that is gone, and one whom nobody waits for', async () => {
  server.answers.set('/revoke', () => {})
  expect((await failureOf(revoke(server.connect({}, { timeoutMs: 1_000 })))).code).toBe('server_timeout')
  const cancel = new AbortController()
  server.answers.set('/revoke', () => cancel.abort())
  expect((await failureOf(revoke(server.connect(), cancel.signal))).code).toBe('cancelled')
  const port = server.connect({ endpoints: { token: `${server.origin}/token`, revocation: `${server.origin}/revoke` } })
  server.close()
  await once(server.http, 'close')
  expect((await failureOf(revoke(port))).code).toBe('server_unreachable')
})
