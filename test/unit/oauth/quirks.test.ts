// What the engine is told for each answer of a token endpoint, as servers really write them. Those that give none are in
// unanswered.test.ts.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { TokenOutcome } from '../../../src/core/ports.ts'
import { type Answer, OddServer, refresh as refreshBy, send, sendJson } from '../../support/odd-server.ts'

let server: OddServer

beforeEach(async () => {
  server = await OddServer.start()
})

afterEach(() => server.close())

const refresh = (): Promise<TokenOutcome> => refreshBy(server.connect({ endpoints: { token: `${server.origin}/token` } }))

const bearer = { access_token: 'a', token_type: 'Bearer' }
const bearerText = JSON.stringify(bearer)

describe('tokens that come in other clothes', () => {
  const check = async (expected: object): Promise<void> => {
    const outcome = await refresh()
    if (outcome.kind !== 'tokens') throw outcome.failure
    const { accessToken, refreshToken, receivedAt: _, ...rest } = outcome.response
    const said = refreshToken === undefined ? rest : { ...rest, refreshToken: refreshToken.reveal() }
    expect(accessToken.reveal()).toBe('a')
    expect(said).toEqual({ tokenType: 'Bearer', ...expected })
  }

  test.each<[string, Answer, object]>([
    ['JSON as text/html', send(200, bearerText, { 'content-type': 'text/html' }), {}],
    ['JSON without a content type', send(200, bearerText, {}), {}],
    ['a byte order mark', send(200, `\uFEFF${bearerText}`), {}],
    ['a form', send(200, 'access_token=a&scope=repo&token_type=bearer', {}), { scope: ['repo'], tokenType: 'bearer' }],
    ['201', sendJson({ ...bearer, expires_in: 60 }, 201), { expiresIn: 60 }],
    ['202', sendJson(bearer, 202), {}],
    ['a number that JSON has no room for', send(200, '{"access_token":"a","expires_in":1e999}'), {}],
  ])('%s', async (_, answer, expected) => {
    server.answers.set('/token', answer)
    await check(expected)
  })

  // Ten years.
  const longest = 10 * 366 * 86_400
  test.each<[string, object, object]>([
    [
      'as RFC 6749 has it',
      { expires_in: 60, refresh_token: 'r', scope: 'b a' },
      { expiresIn: 60, refreshToken: 'r', scope: ['a', 'b'] },
    ],
    ['no token_type', { token_type: undefined }, {}],
    ['token_type in lower case', { token_type: 'bearer' }, { tokenType: 'bearer' }],
    ['token_type BearerToken (Apigee)', { token_type: 'BearerToken' }, { tokenType: 'BearerToken' }],
    ['token_type with a blank', { token_type: 'Bearer ' }, {}],
    ['token_type as a number', { token_type: 5 }, {}],
    ['token_type that would break a header', { token_type: 'Bea\r\nrer: x' }, {}],
    ['token_type of another kind', { token_type: 'DPoP' }, { tokenType: 'DPoP' }],
    ['token_type of another kind with a blank', { token_type: ' DPoP ' }, { tokenType: 'DPoP' }],
    ['expires_in as a text', { expires_in: '60' }, { expiresIn: 60 }],
    ['expires_in 0', { expires_in: 0 }, {}],
    ['expires_in below 0', { expires_in: -1 }, {}],
    ['expires_in true', { expires_in: true }, {}],
    ['expires_in as words', { expires_in: 'an hour' }, {}],
    ['expires_in beyond all dates', { expires_in: 1e306 }, { expiresIn: longest }],
    ['nulls', { expires_in: null, refresh_token: null, scope: null, id_token: null }, {}],
    ['empty texts', { expires_in: '', refresh_token: '', scope: '' }, {}],
    ['scope with commas (GitHub)', { scope: 'repo,gist' }, { scope: ['gist', 'repo'] }],
    ['scope with commas and blanks is left', { scope: 'a,b c' }, { scope: ['a,b', 'c'] }],
    ['scope as a list', { scope: ['b', 'a'] }, { scope: ['a', 'b'] }],
    ['scope as a number', { scope: 5 }, {}],
    ['scope as an object', { scope: {} }, {}],
    ['refresh_token false', { refresh_token: false }, {}],
    ['refresh_token as a number', { refresh_token: 7 }, {}],
    ['refresh_expires_in (Keycloak)', { refresh_expires_in: 1800 }, { refreshTokenExpiresIn: 1800 }],
    ['refresh_token_expires_in as a text', { refresh_token_expires_in: '1800' }, { refreshTokenExpiresIn: 1800 }],
    ['refresh_token_expires_in 0 for no end', { refresh_token_expires_in: 0 }, {}],
    ['refresh_token_expires_in true', { refresh_token_expires_in: true }, {}],
    ['refresh_token_expires_in beyond all dates', { refresh_token_expires_in: 1e306 }, { refreshTokenExpiresIn: longest }],
    ['an ID token that nobody can read', { id_token: 'garbage' }, {}],
    ['fields of its own', { foo: { bar: [1] } }, {}],
  ])('%s', async (_, over, expected) => {
    server.answers.set('/token', sendJson({ ...bearer, ...over }))
    await check(expected)
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
    ['500', send(500, '{"error":"server_error"}'), 'no_answer', 'server error'],
    ['502 of a proxy', send(502, html, {}), 'no_answer', '502'],
    ['400 server_error', send(400, '{"error":"server_error"}'), 'no_answer', 'server_error'],
    ['200 with HTML (a captive portal)', send(200, html, { 'content-type': 'text/html' }), 'no_answer', 'not a token response'],
    ['200 with nothing', send(200, '', {}), 'no_answer', 'not a token response'],
    ['200 with half of the JSON', send(200, '{"access_token":"a","tok', {}), 'no_answer', 'not a token response'],
    ['200 without an access token', send(200, '{"token_type":"Bearer"}'), 'no_answer', 'not a token response'],
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
    [
      "400 invalid_request (X, of a token that it doesn't know)",
      sendJson({ error: 'invalid_request' }, 400),
      'refused',
      'invalid_request',
    ],
    [
      '403 unauthorized_client (Atlassian)',
      sendJson({ error: 'unauthorized_client' }, 403),
      'client_refused',
      'unauthorized_client',
    ],
    ['403 invalid_grant', sendJson({ error: 'invalid_grant' }, 403), 'invalid_grant', 'invalid_grant'],
    ['500 invalid_grant: who has a problem is not believed', sendJson({ error: 'invalid_grant' }, 500), 'no_answer', '500'],
    ['an error in an object', sendJson({ error: { code: 190 } }, 400), 'invalid_grant', 'without giving a reason'],
    ['200 with a list', send(200, '[]'), 'no_answer', 'not a token response'],
    ['200 with null', send(200, 'null'), 'no_answer', 'not a token response'],
    ['200 with tokens further in', sendJson({ data: bearer }), 'no_answer', 'not a token response'],
    ['204', send(204, '', {}), 'no_answer', 'not a token response'],
    ['a status that there is not', send(600, ''), 'no_answer', 'status 600'],
  ])('%s', async (name, answer, kind, words) => {
    server.answers.set('/token', answer)
    const outcome = await refresh()
    expect(outcome.kind).toBe(kind)
    if (outcome.kind === 'tokens') throw new Error('tokens')
    expect(outcome.failure.message).toContain(words)
    const { message, details, cause } = outcome.failure
    expect(JSON.stringify([message, details, String(cause)])).not.toContain('the-refresh-token')
    expect(server.asked).toEqual(['/token'])
    if (name === '429') expect(outcome.failure.details.retryAfter).toBe(7)
    if (name === '429 with a date') expect(outcome.failure.details.retryAfter).toBeGreaterThan(80)
  })
})
