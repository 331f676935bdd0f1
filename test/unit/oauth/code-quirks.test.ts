// A login in the browser that goes otherwise than planned: profiles and callbacks that want more than they may, tabs that are
// closed, odd answers to the code.

import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ProfileTable } from '../../../src/config/profile-table.ts'
import type { LoginProgress, TokenResponse } from '../../../src/core/ports.ts'
import { type Answer, callbackOf, failureOf, never, OddServer, send, sendJson } from '../../support/odd-server.ts'

let server: OddServer
const tokens = sendJson({ access_token: 'a', token_type: 'Bearer', refresh_token: 'r' })

beforeEach(async () => {
  server = await OddServer.start()
  server.discoverable()
  server.answers.set('/token', tokens)
})

afterEach(() => server.close())

const logIn = (
  onProgress: (progress: LoginProgress) => unknown,
  table: Partial<ProfileTable> = {},
  signal = never,
): Promise<TokenResponse> =>
  server
    .connect({ scopes: ['read'], ...table })
    .login({ grant: 'authorization_code', signal, onProgress: (progress) => void onProgress(progress) })

const comeBack = (answer?: Readonly<Record<string, string>>) => (progress: LoginProgress) => fetch(callbackOf(progress, answer))

/** What the browser is sent with, in a login that ends there. */
async function sentWith(table: Partial<ProfileTable>): Promise<URLSearchParams> {
  const cancel = new AbortController()
  let query = new URLSearchParams()
  const onProgress = (progress: LoginProgress): void => {
    if (progress.type === 'open_browser') query = new URL(progress.url).searchParams
    cancel.abort()
  }
  expect((await failureOf(logIn(onProgress, table, cancel.signal))).code).toBe('login_cancelled')
  return query
}

describe('what the browser is sent with', () => {
  test('P1 P2 P20 parameters of the profile add to what makes a login safe, and change none of it', async () => {
    const query = await sentWith({
      scopes: ['openid', 'read'],
      authorization_parameters: {
        response_type: 'token',
        client_id: 'evil',
        scope: 'everything',
        redirect_uri: 'https://evil.example',
        state: 'known',
        nonce: 'known',
        code_challenge: 'known',
        code_challenge_method: 'plain',
        login_hint: 'ada',
      },
    })
    const fresh = expect.stringMatching(/^[\w-]{43}$/) as string
    expect(Object.fromEntries(query)).toEqual({
      response_type: 'code',
      client_id: 'c',
      scope: 'openid read',
      redirect_uri: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/callback$/) as string,
      state: fresh,
      nonce: fresh,
      code_challenge: fresh,
      code_challenge_method: 'S256',
      login_hint: 'ada',
    })
    expect([...query]).toHaveLength(new Set(query.keys()).size)
  })

  test('offline_access wants consent, unless the profile has another prompt', async () => {
    const scopes = ['offline_access']
    expect((await sentWith({ scopes })).get('prompt')).toBe('consent')
    expect((await sentWith({ scopes, authorization_parameters: { prompt: 'login' } })).get('prompt')).toBe('login')
    expect((await sentWith({})).has('prompt')).toBe(false)
  })

  test('N9 an empty parameter is left out of the request', async () => {
    const scopes = ['offline_access']
    const query = await sentWith({ scopes, authorization_parameters: { prompt: '', login_hint: '' } })
    expect([query.has('prompt'), query.has('login_hint'), query.get('scope')]).toEqual([false, false, 'offline_access'])
  })

  const offersPar = () => ({ pushed_authorization_request_endpoint: `${server.origin}/par` })
  const pushedAnswer = sendJson({ request_uri: 'urn:x', expires_in: 60 }, 201)

  test('N19 pushed wherever it is offered; the profile can turn that off', async () => {
    server.discoverable(offersPar())
    server.answers.set('/par', pushedAnswer)
    expect((await sentWith({})).get('request_uri')).toBe('urn:x')
    const direct = await sentWith({ par: false })
    expect([direct.has('request_uri'), direct.get('response_type')]).toEqual([false, 'code'])
  })

  test('N19 required by the server: the profile cannot turn it off', async () => {
    server.discoverable({ ...offersPar(), require_pushed_authorization_requests: true })
    server.answers.set('/par', pushedAnswer)
    expect((await sentWith({ par: false })).get('request_uri')).toBe('urn:x')
  })

  test.each<[string, Answer]>([
    ['does not work', send(404, '')],
    ['has a bad moment', send(503, '')],
    ['hangs up', (request) => void request.socket.resetAndDestroy()],
    ['is not for this client', sendJson({ error: 'unauthorized_client' }, 400)],
    ['is for clients with a secret', sendJson({ error: 'invalid_client' }, 401)],
  ])('N19 an endpoint that %s is done without', async (_, answer) => {
    server.discoverable(offersPar())
    server.answers.set('/par', answer)
    const query = await sentWith({})
    expect([query.has('request_uri'), query.get('code_challenge_method')]).toEqual([false, 'S256'])
  })

  test('N19 what it says of the request is said before a browser is opened', async () => {
    server.discoverable(offersPar())
    const description = 'redirect_uri is not registered'
    server.answers.set('/par', sendJson({ error: 'invalid_request', error_description: description }, 400))
    const told: LoginProgress[] = []
    const failure = await failureOf(logIn((progress) => told.push(progress)))
    expect([failure.message, told]).toEqual([expect.stringContaining(description), []])
    expect(failure.hint).toContain('trying again does not help')
  })

  test.each<[string, Record<string, unknown>, Answer, string]>([
    ['that says nowhere to', { pushed_authorization_request_endpoint: undefined }, send(404, ''), 'discovery_failed'],
    ['that refuses it', {}, sendJson({ error: 'invalid_client' }, 401), 'client_refused'],
    ['with a bad moment', {}, send(503, ''), 'server_unavailable'],
    ['that answers with a page', {}, send(200, '<html>', { 'content-type': 'text/html' }), 'server_invalid_response'],
  ])('P17 a server that wants requests pushed, and %s: no browser is opened', async (_, metadata, answer, code) => {
    const endpoint = { pushed_authorization_request_endpoint: `${server.origin}/par` }
    server.discoverable({ require_pushed_authorization_requests: true, ...endpoint, ...metadata })
    server.answers.set('/par', answer)
    const told: LoginProgress[] = []
    expect((await failureOf(logIn((progress) => told.push(progress)))).code).toBe(code)
    expect(told).toEqual([])
  })

  test.each([false, true])(
    'S14 a query of the authorization endpoint itself: no parameter twice, none overridden (pushed: %s)',
    async (isPushed) => {
      let pushed: URLSearchParams | undefined
      server.discoverable({
        authorization_endpoint: `${server.origin}/auth?policy=b2c&client_id=evil&client_id=evil2&response_mode=fragment&request=x&prompt=none&state=s`,
        ...(isPushed
          ? { require_pushed_authorization_requests: true, pushed_authorization_request_endpoint: `${server.origin}/par` }
          : {}),
      })
      server.answers.set('/par', (request, response, body) => {
        pushed = new URLSearchParams(body)
        sendJson({ request_uri: 'urn:x', expires_in: 60 }, 201)(request, response, body)
      })
      const browser = await sentWith({ authorization_parameters: { prompt: 'login' } })
      expect(browser.get('policy')).toBe('b2c')
      for (const query of [browser, ...(pushed === undefined ? [] : [pushed])]) {
        expect(query.getAll('client_id')).toEqual(['c'])
        expect([...query]).toHaveLength(new Set(query.keys()).size)
        expect([query.has('response_mode'), query.has('request')]).toEqual([false, false])
      }
      expect((pushed ?? browser).get('prompt')).toBe('login')
      expect(pushed !== undefined).toBe(isPushed)
    },
  )

  test('P1 P17 what is pushed is not shown to the browser', async () => {
    let pushed = new URLSearchParams()
    server.discoverable({
      require_pushed_authorization_requests: true,
      pushed_authorization_request_endpoint: `${server.origin}/par`,
    })
    server.answers.set('/par', (request, response, body) => {
      pushed = new URLSearchParams(body)
      sendJson({ request_uri: 'urn:x', expires_in: 60 }, 201)(request, response, body)
    })
    expect(Object.fromEntries(await sentWith({}))).toEqual({ request_uri: 'urn:x', client_id: 'c' })
    expect(Object.fromEntries(pushed)).toMatchObject({ response_type: 'code', code_challenge_method: 'S256', scope: 'read' })
  })
})

describe('P4 who the callback is from', () => {
  const advertises = { authorization_response_iss_parameter_supported: true }
  const elsewhere = { iss: 'https://evil.example' }
  const [code, error] = [{ code: 'c' }, { error: 'access_denied' }]

  test.each<[string, Record<string, unknown>, Record<string, string>, string]>([
    ['a code without iss', advertises, code, 'does not say which server'],
    ['a code of another', advertises, { ...code, ...elsewhere }, 'is from https://evil.example'],
    ['an error without iss', advertises, error, 'does not say which server'],
    ['an error of another', advertises, { ...error, ...elsewhere }, 'is from https://evil.example'],
    ['a code of another, where none was promised', {}, { ...code, ...elsewhere }, 'is from https://evil.example'],
    ['an error of another, where none was promised', {}, { ...error, ...elsewhere }, 'is from https://evil.example'],
  ])('%s: the code is not used, and an error is not believed', async (_, metadata, answer, words) => {
    server.discoverable(metadata)
    const failure = await failureOf(logIn(comeBack(answer)))
    expect(failure).toMatchObject({ code: 'login_failed', message: expect.stringContaining(words) as string })
    expect(server.asked).not.toContain('/token')
  })

  test('an error and a code of the server itself count', async () => {
    server.discoverable(advertises)
    const iss = { iss: server.origin }
    expect((await failureOf(logIn(comeBack({ ...error, ...iss })))).code).toBe('login_cancelled')
    expect((await failureOf(logIn(comeBack({ error: 'server_error', ...iss })))).code).toBe('login_failed')
    await expect(logIn(comeBack({ ...code, ...iss }))).resolves.toMatchObject({ tokenType: 'Bearer' })
  })
})

describe('once the browser is back', () => {
  /** As a tab that asks for a page; what it is answered is not read. */
  async function openTab(progress: LoginProgress): Promise<Socket> {
    const url = callbackOf(progress)
    const tab = connectTcp(Number(url.port), url.hostname).on('error', () => {})
    await once(tab, 'connect')
    tab.write(`GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`)
    return tab
  }

  test.each<[string, (tab: Socket) => unknown]>([
    ['closed', (tab) => tab.destroy()],
    ['reset', (tab) => tab.resetAndDestroy()],
  ])('a tab that is %s while the code is redeemed loses nothing', async (_, leave) => {
    const tab = Promise.withResolvers<Socket>()
    server.answers.set('/token', async (...exchange) => {
      leave(await tab.promise)
      // Both ends are in this process: what was ready before these are answered has been seen by then.
      for (let round = 0; round < 3; round++) await fetch(`${server.origin}/nothing`)
      tokens(...exchange)
    })
    const response = await logIn((progress) => openTab(progress).then(tab.resolve, tab.reject))
    expect(response.refreshToken?.reveal()).toBe('r')
  })

  test.each<[string, Answer, string, string]>([
    ['the code is refused', sendJson({ error: 'invalid_grant' }, 400), 'login_failed', 'invalid_grant'],
    ['the client is refused', sendJson({ error: 'invalid_client' }, 401), 'client_refused', 'invalid_client'],
    ['a page', send(200, '<html>', { 'content-type': 'text/html' }), 'server_invalid_response', 'not a token response'],
    ['a redirect', send(307, '', { location: '/elsewhere' }), 'server_invalid_response', 'redirect (307)'],
    ['a bad moment', send(503, ''), 'server_unavailable', '503'],
    ['a reset', (request) => void request.socket.resetAndDestroy(), 'server_timeout', 'broke'],
    [
      'words that repeat the code',
      sendJson({ error: 'invalid_grant', error_description: 'no such code: the-code' }, 400),
      'login_failed',
      'no such code: [redacted]',
    ],
  ])('%s in place of tokens: page and terminal say so, and the code is used once', async (_, answer, code, words) => {
    server.answers.set('/token', answer)
    let page: Promise<string> | undefined
    const failure = await failureOf(
      logIn((progress) => {
        page = comeBack()(progress).then((response) => response.text())
      }),
    )
    expect(failure).toMatchObject({ code, message: expect.stringContaining(words) as string })
    expect(await page).toContain('The login did not work')
    expect(server.asked.filter((path) => path !== '/.well-known/openid-configuration')).toEqual(['/token'])
  })

  test.each([
    ['invalid_scope', 'scopes'],
    ['invalid_request', 'profile show'],
    ['invalid_target', 'resource'],
  ])('N20 the hint after %s is what to change, and the whole description is shown', async (error, hint) => {
    const description = `${'It is not as it should be. '.repeat(18)}Add it at https://portal.example`
    const failure = await failureOf(logIn(comeBack({ error, error_description: description })))
    expect(failure.hint).toContain(hint)
    expect(failure.hint).not.toContain('to try again')
    expect(failure.message).toContain('Add it at https://portal.example')
  })

  test('a server without a page to log in on: the other grant is named', async () => {
    server.discoverable({ authorization_endpoint: undefined })
    const failure = await failureOf(logIn(() => {}))
    expect([failure.code, failure.hint]).toEqual(['unsupported_by_server', expect.stringContaining('device_code')])
  })
})
