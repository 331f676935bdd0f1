// What the engine is told for each answer of a token endpoint, as servers really write them. Those that give none are in
// unanswered.test.ts.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { TokenOutcome } from '../../../src/core/ports.ts'
import { accessToken } from '../../../src/core/session/tokens.ts'
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
    const { accessToken: value, refreshToken, receivedAt: _, ...rest } = outcome.response
    const said = refreshToken === undefined ? rest : { ...rest, refreshToken: refreshToken.reveal() }
    expect(value.reveal()).toBe('a')
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
    ['L4 400 with HTML', send(400, html, { 'content-type': 'text/html' }), 'no_verdict', 'status 400'],
    ['L4 401 with HTML', send(401, html, { 'content-type': 'text/html' }), 'no_verdict', 'status 401'],
    ['L4 403 of a firewall', send(403, html, { 'content-type': 'text/html' }), 'no_verdict', 'status 403'],
    ['L4 400 with plain text', send(400, 'Bad Request', { 'content-type': 'text/plain' }), 'no_verdict', 'status 400'],
    ['L4 400 with JSON of a gateway', sendJson({ message: 'Bad Request' }, 400), 'no_verdict', 'status 400'],
    ['L4 401 with JSON of a gateway', sendJson({ message: 'Unauthorized' }, 401), 'no_verdict', 'status 401'],
    ['L4 401 with nothing', send(401, '', {}), 'no_verdict', 'status 401'],
    ['L4 400 with half of the JSON', send(400, '{"error":"invalid_gr'), 'no_verdict', 'status 400'],
    ['L4 407', send(407, html, {}), 'no_verdict', 'status 407'],
    ['200 with an error', send(200, '{"error":"bad_refresh_token"}'), 'invalid_grant', 'bad_refresh_token'],
    ['interaction_required', send(400, '{"error":"interaction_required"}'), 'interaction_required', 'interaction_required'],
    ['consent_required', send(400, '{"error":"consent_required"}'), 'interaction_required', 'consent_required'],
    [
      'L2 consent to one resource (Entra)',
      sendJson({ error: 'invalid_grant', suberror: 'consent_required', error_description: 'AADSTS65001: The user ...' }, 400),
      'interaction_required',
      'AADSTS65001',
    ],
    [
      'R17 another factor for one resource (Entra)',
      sendJson({ error: 'invalid_grant', error_codes: [50076], suberror: 'basic_action' }, 400),
      'interaction_required',
      'invalid_grant',
    ],
    [
      'L3 conditional access (Entra)',
      sendJson({ error: 'invalid_grant', error_description: 'AADSTS53003: Access has been blocked by policies.' }, 400),
      'may_pass',
      'AADSTS53003',
    ],
    [
      'an expired refresh token (Entra)',
      sendJson({ error: 'invalid_grant', error_codes: [700082], suberror: 'token_expired' }, 400),
      'invalid_grant',
      'invalid_grant',
    ],
    [
      'L5 Atlassian',
      sendJson({ error: 'unauthorized_client', error_description: 'refresh_token is invalid' }, 403),
      'invalid_grant',
      'refresh_token is invalid',
    ],
    [
      'L5 Bitbucket, Metabase',
      sendJson({ error: 'invalid_request', error_description: 'Invalid refresh_token' }, 400),
      'invalid_grant',
      'Invalid refresh_token',
    ],
    ['L5 Zoom', sendJson({ reason: 'Invalid Token!', error: 'invalid_request' }, 400), 'invalid_grant', 'Invalid Token!'],
    [
      'L5 X',
      sendJson({ error: 'invalid_request', error_description: 'Value passed for the token was invalid.' }, 400),
      'invalid_grant',
      'was invalid',
    ],
    ['L5 an error that is a sentence', sendJson({ error: 'Token expired' }, 403), 'invalid_grant', 'Token expired'],
    ['L5 an error in another case', sendJson({ error: 'InvalidRefreshToken' }, 401), 'invalid_grant', 'InvalidRefreshToken'],
    [
      'L5 an object (Facebook)',
      sendJson({ error: { message: 'The session has expired on Friday', type: 'OAuthException', code: 190 } }, 400),
      'invalid_grant',
      'session has expired',
    ],
    [
      'L5 not: a client that may not refresh',
      sendJson(
        { error: 'unauthorized_client', error_description: 'Client is invalid or not allowed to use refresh tokens' },
        400,
      ),
      'client_refused',
      'Client is invalid',
    ],
    [
      'L5 not: a parameter that is missing',
      sendJson({ error: 'invalid_request', error_description: 'Missing required parameter: token is invalid' }, 400),
      'refused',
      'Missing',
    ],
    [
      'L5 not: about the grant type',
      sendJson({ error: 'invalid_request', error_description: 'The grant type is invalid for the token endpoint' }, 400),
      'refused',
      'grant type',
    ],
    [
      'L5 not: about a scope',
      sendJson({ error: 'invalid_request', error_description: 'the token has an invalid scope' }, 400),
      'refused',
      'invalid scope',
    ],
    ['Slack limits requests', sendJson({ ok: false, error: 'ratelimited' }), 'busy', 'ratelimited'],
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
    ['a redirect', send(302, '', { location: 'https://elsewhere.example/token' }), 'no_verdict', 'not followed'],
    ['307', send(307, '', { location: 'https://elsewhere.example/token' }), 'no_verdict', 'not followed'],
    ['404', send(404, html, {}), 'no_verdict', '404'],
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
    ['an error in an object', sendJson({ error: { code: 190 } }, 400), 'invalid_grant', 'unknown_error'],
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
    // N20: one that is not acted on is not said to be lost, and none is said to be tried again in vain.
    if (kind === 'no_verdict') expect(outcome.failure.hint).toContain('not an answer of an OAuth server')
    if (kind === 'may_pass') expect(outcome.failure.hint).toContain('this may pass')
    if (name === '500') expect(outcome.failure.hint).not.toContain('asks to wait')
    if (name === '429') expect(outcome.failure.details.retryAfter).toBe(7)
    if (name === '429 with a date') expect(outcome.failure.details.retryAfter).toBeGreaterThan(80)
  })
})

test.each<[string, string, string]>([
  ['3600000', 'milliseconds for seconds', '900'],
  ['86400', 'a day', '900'],
  [new Date(Date.now() + 40 * 86_400_000).toUTCString(), 'a date that is wrong', '900'],
  ['120', 'two minutes', '120'],
  ['1.5', 'a fraction', '2'],
  ['-5', 'below zero', '0'],
  ['soon', 'a word', 'undefined'],
])('N15 Retry-After: %s (%s)', async (header, _, seconds) => {
  server.answers.set('/token', send(503, '', { 'retry-after': header }))
  const outcome = await refresh()
  expect(outcome.kind === 'busy' && String(outcome.failure.details.retryAfter)).toBe(seconds)
})

test.each<[string, object]>([
  ['the app and the user', { access_token: 'a', token_type: 'bot', authed_user: { access_token: 'xoxp', token_type: 'user' } }],
  [
    'the user alone',
    { ok: true, authed_user: { id: 'U1', access_token: 'a', token_type: 'user', scope: 'search:read,chat:write' } },
  ],
])('N11 the tokens of Slack: %s', async (_, body) => {
  server.answers.set('/token', sendJson(body))
  const outcome = await refresh()
  expect(outcome.kind === 'tokens' && outcome.response.accessToken.reveal()).toBe('a')
  if (outcome.kind !== 'tokens') throw outcome.failure
  // What helpers and headers get.
  expect(accessToken(outcome.response, {}, []).tokenType).toBe('Bearer')
})

test('N11 DPoP stays DPoP, however it is written', async () => {
  server.answers.set('/token', sendJson({ ...bearer, token_type: 'dpop' }))
  const outcome = await refresh()
  if (outcome.kind !== 'tokens') throw outcome.failure
  expect(accessToken(outcome.response, {}, []).tokenType).toBe('DPoP')
})

const jwt = (claims: object): string =>
  ['{"alg":"RS256"}', JSON.stringify(claims), 'sig'].map((part) => Buffer.from(part).toString('base64url')).join('.')

describe('L8 no expires_in, but a JWT', () => {
  /** By a clock that is so many seconds ahead of ours; undefined: no Date header. */
  async function lifetimeOf(claims: (now: number) => object, ahead: number | undefined): Promise<unknown> {
    server.answers.set('/token', (_, response) => {
      const at = Math.floor(Date.now() / 1000) + (ahead ?? 0)
      const date = ahead === undefined ? '' : new Date(at * 1000).toUTCString()
      const body = JSON.stringify({ access_token: jwt(claims(at)), token_type: 'Bearer' })
      response.writeHead(200, { 'content-type': 'application/json', date }).end(body)
    })
    const outcome = await refresh()
    return outcome.kind === 'tokens' && outcome.response.expiresIn
  }

  test.each<[string, (now: number) => object, number | undefined, unknown]>([
    ['with exp', (at) => ({ exp: at + 4000 }), 0, expect.closeTo(4000, -2)],
    ['by a clock that is an hour ahead', (at) => ({ exp: at + 4000 }), 3600, expect.closeTo(4000, -2)],
    ['by a clock that is an hour behind', (at) => ({ exp: at + 4000 }), -3600, expect.closeTo(4000, -2)],
    ['with iat, by a clock of which nothing is known', (at) => ({ exp: at - 7200, iat: at - 7800 }), undefined, 600],
    ['without exp', () => ({}), 0, undefined],
    ['with exp as a string', () => ({ exp: 'soon' }), 0, undefined],
    ['with exp in the year 30000', () => ({ exp: 884_541_600_000 }), 0, undefined],
  ])('%s', async (_, claims, ahead, expected) => {
    expect(await lifetimeOf(claims, ahead)).toEqual(expected)
  })

  test('expires_in counts where it is given', async () => {
    server.answers.set('/token', sendJson({ access_token: jwt({ exp: 9_000_000_000 }), token_type: 'Bearer', expires_in: 60 }))
    const outcome = await refresh()
    expect(outcome.kind === 'tokens' && outcome.response.expiresIn).toBe(60)
  })
})

describe('N21 what a JWT says that it is for', () => {
  test.each<[object, readonly string[] | undefined, readonly string[]]>([
    [{ aud: 'https://api.example' }, ['https://api.example'], ['openid', 'read', 'write']],
    [{ aud: ['a', 'b'], scope: 'read' }, ['a', 'b'], ['openid', 'read']],
    [{ scp: ['read', 'admin'] }, undefined, ['admin', 'openid', 'read']],
    [{ aud: 5, scp: {} }, undefined, ['openid', 'read', 'write']],
  ])('%j', async (claims, audience, scope) => {
    server.answers.set('/token', sendJson({ access_token: jwt(claims), token_type: 'Bearer' }))
    const outcome = await refresh()
    if (outcome.kind !== 'tokens') throw outcome.failure
    const token = accessToken(outcome.response, { audience: 'requested' }, ['openid', 'read', 'write'])
    expect([token.audience, token.scope]).toEqual([audience, scope])
  })

  test('the scope of the response counts where it is given', async () => {
    server.answers.set('/token', sendJson({ access_token: jwt({ scp: 'admin' }), token_type: 'Bearer', scope: 'read' }))
    const outcome = await refresh()
    if (outcome.kind !== 'tokens') throw outcome.failure
    expect(accessToken(outcome.response, {}, []).scope).toEqual(['read'])
  })
})
