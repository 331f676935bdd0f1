// Device authorization as servers really answer it (P9, P10). Time is the test's own: a wait is noted, and over.

import { createHash } from 'node:crypto'
import type { TimerOptions } from 'node:timers'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ProfileTable } from '../../../src/config/profile-table.ts'
import type { LoginProgress } from '../../../src/core/ports.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { type Answer, failureOf, never, OddServer, send, sendJson } from '../../support/odd-server.ts'

const time = vi.hoisted(() => ({ now: 0, waits: [] as number[], onWait: (): void => {} }))

vi.mock(import('node:timers/promises'), async (original) => ({
  ...(await original()),
  setTimeout: async <T>(delay = 0, value?: T, { signal }: TimerOptions = {}) => {
    time.waits.push(delay)
    time.now += delay
    time.onWait()
    signal?.throwIfAborted()
    return value as T
  },
}))

let server: OddServer
let told: LoginProgress[]
const tokens = sendJson({ access_token: 'a', token_type: 'Bearer', refresh_token: 'r' })
const error = (name: string): Answer => sendJson({ error: name }, 400)

beforeEach(async () => {
  Object.assign(time, { now: 1_000_000, waits: [], onWait: () => {} })
  told = []
  server = await OddServer.start()
  server.discoverable()
  offer()
  server.answers.set('/token', tokens)
})

afterEach(() => server.close())

const offer = (over: object = {}): void => {
  const usual = { device_code: 'the-device-code', user_code: 'ABCD', verification_uri: `${server.origin}/d` }
  server.answers.set('/device', sendJson({ ...usual, expires_in: 900, interval: 2, ...over }))
}

/** The token endpoint's answers, one after the other; the last goes on. */
function answerInTurn(...answers: Answer[]): void {
  let turn = 0
  server.answers.set('/token', (...exchange) => answers[Math.min(turn++, answers.length - 1)]?.(...exchange))
}

const polls = (): number => server.asked.filter((path) => path === '/token').length

const logIn = (signal = never, table: Partial<ProfileTable> = {}): Promise<unknown> =>
  server
    .connect({ scopes: ['read'], ...table }, { clock: { ...systemClock, now: () => time.now } })
    .login({ grant: 'device_code', signal, onProgress: (progress) => void told.push(progress) })

describe("P9 the server's pace", () => {
  test.each<[string, object, number]>([
    ['as it says', { interval: 2 }, 2_000],
    ['a text', { interval: '2' }, 2_000],
    ['not said', { interval: undefined }, 5_000],
    ['null', { interval: null }, 5_000],
    ['0', { interval: 0 }, 5_000],
    ['below 0', { interval: -3 }, 5_000],
    ['words', { interval: 'soon' }, 5_000],
    ['so short that it would hammer', { interval: 0.001 }, 1_000],
    ['so long that nobody would wait', { interval: 1e10, expires_in: 1e12 }, 300_000],
  ])('an interval that is %s', async (_, over, expected) => {
    offer(over)
    answerInTurn(error('authorization_pending'), error('authorization_pending'), tokens)
    expect(await logIn()).toMatchObject({ tokenType: 'Bearer' })
    expect(time.waits).toEqual([expected, expected, expected])
  })

  test('errors with status 200 (GitHub) are errors', async () => {
    answerInTurn(sendJson({ error: 'authorization_pending' }), sendJson({ error: 'slow_down' }), tokens)
    await logIn()
    expect(time.waits).toEqual([2_000, 2_000, 7_000])
  })

  test('slow_down adds five seconds for good', async () => {
    answerInTurn(error('slow_down'), error('authorization_pending'), error('slow_down'), tokens)
    await logIn()
    expect(time.waits).toEqual([2_000, 7_000, 7_000, 12_000])
  })

  test.each<[string, Answer]>([
    ['429', send(429, '')],
    ['503', send(503, '<html>')],
    ['a reset', (request) => void request.socket.resetAndDestroy()],
  ])('%s is said, and slows it down', async (_, answer) => {
    answerInTurn(answer, tokens)
    await logIn()
    expect(time.waits).toEqual([2_000, 4_000])
    expect(told.at(-1)).toMatchObject({ type: 'progress', text: expect.stringContaining('trying again') as string })
  })

  const pageType = { 'content-type': 'text/html' }
  test.each<[string, Answer]>([
    ['403 with a page', send(403, '<html>', pageType)],
    ['200 with a page', send(200, '<html>', pageType)],
    ['200 with nothing', send(200, '', {})],
    ['404', send(404, 'not found', pageType)],
    ['a redirect', send(302, '', { location: '/elsewhere' })],
    ['400 temporarily_unavailable', error('temporarily_unavailable')],
    ['400 server_error', error('server_error')],
    ['401 of a gateway', sendJson({ message: 'Unauthorized' }, 401)],
    ['conditional access (Entra)', sendJson({ error: 'access_blocked', error_codes: [53003] }, 400)],
  ])('N12 one %s ends no login', async (_, answer) => {
    answerInTurn(answer, error('authorization_pending'), tokens)
    expect(await logIn()).toMatchObject({ tokenType: 'Bearer' })
    expect(time.waits).toEqual([2_000, 4_000, 4_000])
    expect(told.at(-1)).toMatchObject({ type: 'progress', text: expect.stringContaining('trying again') as string })
    expect(server.asked).not.toContain('/elsewhere')
  })

  test.each([
    { error: { code: 'authorization_pending', message: 'wait' } },
    { error: { error: 'authorization_pending' } },
    { errors: [{ code: 'authorization_pending' }] },
    { error_code: 'authorization_pending' },
  ])('N12 a nested error: %j', async (body) => {
    answerInTurn(sendJson(body, 400), tokens)
    await logIn()
    expect(time.waits).toEqual([2_000, 2_000])
  })

  test('N12 a captive portal is not asked for ever', async () => {
    server.answers.set('/token', send(200, '<html>', pageType))
    expect(await failureOf(logIn())).toMatchObject({ code: 'server_invalid_response' })
    expect(polls()).toBe(10)
  })

  test('N18 P25 PKCE: the challenge with the request for a code, its verifier with each poll', async () => {
    const bodies: URLSearchParams[] = []
    server.answers.set('/device', (request, response, body) => {
      bodies.push(new URLSearchParams(body))
      const code = { device_code: 'the-device-code', user_code: 'ABCD', verification_uri: `${server.origin}/d`, expires_in: 900 }
      sendJson(code)(request, response, body)
    })
    const record: (answer: Answer) => Answer =
      (answer) =>
      (...exchange) => {
        bodies.push(new URLSearchParams(exchange[2]))
        answer(...exchange)
      }
    answerInTurn(record(error('authorization_pending')), record(tokens))
    await logIn()
    const [start, ...polled] = bodies
    const verifiers = polled.map((body) => body.get('code_verifier') ?? '')
    const challenge = createHash('sha256')
      .update(verifiers[0] ?? '')
      .digest('base64url')
    expect([start?.get('code_challenge'), start?.get('code_challenge_method')]).toEqual([challenge, 'S256'])
    expect(verifiers[0]).toMatch(/^[\w-]{43}$/)
    expect(verifiers[1]).toBe(verifiers[0])
  })

  test('it ends with the code, at that moment, without one more request', async () => {
    offer({ interval: 4, expires_in: '10' })
    answerInTurn(error('authorization_pending'))
    expect((await failureOf(logIn())).code).toBe('login_expired')
    expect(time.waits).toEqual([4_000, 4_000, 2_000])
    expect(polls()).toBe(2)
  })

  test('a cancel in a wait asks nothing more; one in a request is a cancel as well', async () => {
    const cancel = new AbortController()
    time.onWait = () => cancel.abort()
    expect((await failureOf(logIn(cancel.signal))).code).toBe('login_cancelled')
    expect(polls()).toBe(0)
    const second = new AbortController()
    time.onWait = () => {}
    server.answers.set('/token', () => second.abort())
    expect((await failureOf(logIn(second.signal))).code).toBe('login_cancelled')
    expect(polls()).toBe(1)
    expect(told.map(({ type }) => type)).toEqual(['device_code', 'device_code'])
  })
})

describe('P10 what the user is shown', () => {
  test.each<[string, (origin: string) => object]>([
    ['verification_url (Google)', (origin) => ({ verification_uri: undefined, verification_url: `${origin}/d` })],
    ['a complete address as null', () => ({ verification_uri_complete: null })],
    ['a complete address of another host', () => ({ verification_uri_complete: 'https://evil.example/x' })],
    ['a complete address of another port', () => ({ verification_uri_complete: 'http://127.0.0.1:1/x' })],
    ['a complete address that is a script', () => ({ verification_uri_complete: 'javascript:alert(1)' })],
    ['a complete address that is none', () => ({ verification_uri_complete: 'ABCD' })],
  ])('%s: the page alone', async (_, over) => {
    offer(over(server.origin))
    await logIn()
    expect(told).toEqual([{ type: 'device_code', userCode: 'ABCD', verificationUri: `${server.origin}/d`, expiresIn: 900 }])
  })

  test('a complete address of the same host', async () => {
    offer({ verification_uri_complete: `${server.origin}/d?code=ABCD` })
    await logIn()
    expect(told[0]).toMatchObject({ verificationUriComplete: `${server.origin}/d?code=ABCD` })
  })

  test('controls reach no terminal', async () => {
    const hostile = `${server.origin}/\u001b[31m\u202e`
    offer({ verification_uri: hostile, verification_uri_complete: hostile })
    await logIn()
    expect(Object.values(told[0] ?? {}).join('')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  })

  test.each(['\u001b]0;x\u0007AB', 'AB\u202eCD', 'ABCD\n', 'AB CD', 'ab-cd', 'A'.repeat(33), '', 'ABCD) of your bank'])(
    'S14 the user code %j is not shown',
    async (code) => {
      offer({ user_code: code })
      expect((await failureOf(logIn())).code).toBe('server_invalid_response')
      expect([told, polls()]).toEqual([[], 0])
    },
  )

  test('S14 32 characters are', async () => {
    offer({ user_code: `${'AB12-'.repeat(6)}YZ` })
    await logIn()
    expect(told[0]).toMatchObject({ userCode: `${'AB12-'.repeat(6)}YZ` })
  })

  test.each<[string, unknown, string]>([
    ['P19 without https', 'http://elsewhere.example/d', 'insecure_url'],
    ['that is a script', 'javascript:alert(1)', 'insecure_url'],
    ['that is no address', 'go to the page', 'server_invalid_response'],
    ['that is missing', undefined, 'server_invalid_response'],
    ['S14 with a user name', 'https://bank.example@evil.example/d', 'insecure_url'],
  ])('a page %s is not shown', async (_, uri, code) => {
    offer({ verification_uri: uri })
    expect((await failureOf(logIn())).code).toBe(code)
    expect([told, polls()]).toEqual([[], 0])
  })
})

describe('how it ends', () => {
  test.each<[string, Answer, string, string]>([
    ['declined', error('access_denied'), 'login_cancelled', 'declined'],
    ['the code has expired', error('expired_token'), 'login_expired', 'expired'],
    ['the code was used', error('invalid_grant'), 'login_failed', 'invalid_grant'],
    ['another refusal', error('invalid_scope'), 'login_failed', 'invalid_scope'],
    ['a refusal with status 200 (GitHub)', sendJson({ error: 'incorrect_device_code' }), 'login_failed', 'incorrect_device_code'],
    [
      'words that repeat the code',
      sendJson({ error: 'invalid_grant', error_description: 'no such code: the-device-code' }, 400),
      'login_failed',
      'no such code: [redacted]',
    ],
  ])('%s', async (_, answer, code, words) => {
    server.answers.set('/token', answer)
    const failure = await failureOf(logIn())
    expect(failure).toMatchObject({ code, message: expect.stringContaining(words) as string })
    expect(polls()).toBe(1)
    expect(server.asked).not.toContain('/elsewhere')
  })

  test.each<[string, Answer, string]>([
    ['a refusal', error('invalid_client'), 'client_refused'],
    ['a bad moment', send(503, ''), 'server_unavailable'],
    ['a page', send(200, '<html>', {}), 'server_invalid_response'],
    ['no code', sendJson({ user_code: 'ABCD' }), 'server_invalid_response'],
  ])('there is %s in place of a code', async (_, answer, code) => {
    server.answers.set('/device', answer)
    expect((await failureOf(logIn())).code).toBe(code)
    expect([told, polls()]).toEqual([[], 0])
  })

  test('a server without it is not asked for it', async () => {
    server.discoverable({ device_authorization_endpoint: undefined })
    expect((await failureOf(logIn())).code).toBe('unsupported_by_server')
    expect(server.asked).not.toContain('/device')
  })

  test('P11 keys that cannot be had once the code is spent: it is said so, and the code is not tried again', async () => {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const now = Math.floor(Date.now() / 1000)
    const claims = { iss: server.origin, sub: 'ada', aud: 'c', iat: now, exp: now + 3600 }
    const answer = { access_token: 'a', token_type: 'Bearer', id_token: `${part({ alg: 'RS256' })}.${part(claims)}.AAAA` }
    answerInTurn(sendJson(answer), error('invalid_grant'))
    server.answers.set('/jwks', send(503, ''))
    const failure = await failureOf(logIn(never, { scopes: ['openid'] }))
    expect(failure).toMatchObject({ code: 'server_unavailable', message: expect.stringContaining('503') as string })
    expect(server.asked.slice(-2)).toEqual(['/token', '/jwks'])
    expect(polls()).toBe(1)
  })
})
