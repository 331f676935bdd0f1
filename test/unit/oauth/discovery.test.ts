// Where metadata is looked for, and servers that answer oddly when it is (P3, P19).

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AuthorizationServer } from '../../../src/core/ports.ts'
import { metadataUrls } from '../../../src/oauth/well-known.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { OAuthRequest } from '../../../src/oauth/http/request.ts'
import { type Answer, failureOf, never, OddServer, refresh, send, sendJson } from '../../support/odd-server.ts'

let server: OddServer
const openid = '/.well-known/openid-configuration'
const oauth = '/.well-known/oauth-authorization-server'

beforeEach(async () => {
  server = await OddServer.start()
  server.answers.set('/token', sendJson({ access_token: 'a', token_type: 'Bearer' }))
})

afterEach(() => server.close())

test('where metadata is looked for', () => {
  expect(metadataUrls('https://a.example/realms/b')).toEqual([
    'https://a.example/realms/b/.well-known/openid-configuration',
    'https://a.example/.well-known/oauth-authorization-server/realms/b',
    'https://a.example/realms/b/.well-known/oauth-authorization-server',
    'https://a.example/.well-known/openid-configuration/realms/b',
  ])
})

test('RFC 8414 alone, with a path, sparse, with nulls and unknown fields', async () => {
  const issuer = `${server.origin}/tenant`
  const metadata = { issuer, token_endpoint: `${server.origin}/token`, jwks_uri: null, grant_types_supported: null, what: [1] }
  server.answers.set(`${oauth}/tenant`, sendJson(metadata))
  expect(await refresh(server.connect({ issuer }))).toMatchObject({ kind: 'tokens' })
  // The URL of that document is taken for it as well.
  const url = `${server.origin}${oauth}/tenant`
  expect(await refresh(server.connect({ issuer: url }))).toMatchObject({ kind: 'tokens' })
})

test.each<[string, Answer]>([
  ['a server error', send(500, '')],
  ['an empty object', sendJson({})],
  ['an error as 200', sendJson({ error: 'not found' })],
  ['a page as 200', send(200, '<html>', { 'content-type': 'text/html' })],
  ['a redirect', send(301, '', { location: '/login' })],
])('the first place has %s, the second the metadata', async (_, answer) => {
  server.answers.set(openid, answer)
  server.answers.set(oauth, sendJson(server.metadata()))
  expect(await refresh(server.connect())).toMatchObject({ kind: 'tokens' })
  expect(server.asked).toEqual([openid, oauth, '/token'])
})

test.each<[string, object | string, string]>([
  ['no metadata', 'nothing', 'discovery_failed'],
  ['no token endpoint', { issuer: 'ORIGIN' }, 'discovery_failed'],
  ['P3 another issuer', { issuer: 'https://evil.example', token_endpoint: 'ORIGIN/token' }, 'issuer_mismatch'],
  ['P19 a token endpoint without https', { issuer: 'ORIGIN', token_endpoint: 'http://elsewhere.example/token' }, 'insecure_url'],
  [
    'P19 keys without https',
    { issuer: 'ORIGIN', token_endpoint: 'ORIGIN/token', jwks_uri: 'http://elsewhere.example/' },
    'insecure_url',
  ],
  ['S14 a user name in an endpoint', { issuer: 'ORIGIN', token_endpoint: 'https://a@elsewhere.example/token' }, 'insecure_url'],
  [
    'S14 a password in the authorization endpoint',
    { issuer: 'ORIGIN', token_endpoint: 'ORIGIN/token', authorization_endpoint: 'https://:b@elsewhere.example/auth' },
    'insecure_url',
  ],
  ['a token endpoint that is no URL', { issuer: 'ORIGIN', token_endpoint: '/token' }, 'discovery_failed'],
  ['keys that are no URL', { issuer: 'ORIGIN', token_endpoint: 'ORIGIN/token', jwks_uri: 5 }, 'discovery_failed'],
  ['a list', '[]', 'discovery_failed'],
])('%s', async (_, metadata, code) => {
  const text = (typeof metadata === 'string' ? metadata : JSON.stringify(metadata)).replaceAll('ORIGIN', server.origin)
  server.answers.set(openid, send(200, text))
  expect(await refresh(server.connect())).toMatchObject({ kind: 'not_sent', failure: { code } })
  expect(server.asked).not.toContain('/token')
})

test('P3 the URL of a document does not vouch for an issuer elsewhere', async () => {
  server.discoverable({ issuer: 'https://evil.example' })
  const outcome = await refresh(server.connect({ issuer: `${server.origin}${openid}` }))
  expect(outcome).toMatchObject({ kind: 'not_sent', failure: { code: 'issuer_mismatch' } })
})

test('P19 an issuer without https, or endpoints by hand without it, are not asked', async () => {
  const issuer = 'http://elsewhere.example'
  for (const endpoints of [undefined, { token: `${issuer}/token` }]) {
    const port = server.connect({ issuer, ...(endpoints === undefined ? {} : { endpoints }) })
    expect(await refresh(port)).toMatchObject({ kind: 'not_sent', failure: { code: 'insecure_url' } })
  }
})

describe('what is kept', () => {
  let now: number
  let port: AuthorizationServer
  const discoveries = (): number => server.asked.filter((path) => path === openid).length

  beforeEach(() => {
    now = 1_000_000_000
    port = server.connect({}, { clock: { ...systemClock, now: () => now } })
    server.discoverable()
  })

  const fail = (answer: Answer): void => {
    server.answers.set(openid, answer)
    server.answers.set(oauth, answer)
  }

  test('a failed discovery is not', async () => {
    fail(send(503, ''))
    expect(await refresh(port)).toMatchObject({ kind: 'not_sent', failure: { code: 'server_unavailable' } })
    server.discoverable()
    expect(await refresh(port)).toMatchObject({ kind: 'tokens' })
  })

  test('a good one is for an hour, and by a clock that is set back for no longer', async () => {
    for (const [after, count] of [
      [0, 1],
      [3_599_999, 1],
      [1, 2],
      [-5_000_000, 3],
    ] as const) {
      now += after
      expect(await refresh(port)).toMatchObject({ kind: 'tokens' })
      expect(discoveries()).toBe(count)
    }
  })

  test.each<[string, Answer]>([
    ['is down', send(503, '')],
    ['hangs up', (request) => void request.socket.resetAndDestroy()],
    ['answers with another issuer', sendJson({ issuer: 'https://evil.example' })],
  ])('a good one outlives a server that %s, for all who ask at once, and it is asked again a minute later', async (_, answer) => {
    await refresh(port)
    fail(answer)
    now += 3_700_000
    const both = await Promise.all([refresh(port), refresh(port)])
    expect(both.map(({ kind }) => kind)).toEqual(['tokens', 'tokens'])
    expect(discoveries()).toBe(2)
    now += 59_000
    expect(await refresh(port)).toMatchObject({ kind: 'tokens' })
    expect(discoveries()).toBe(2)
    now += 2_000
    server.discoverable({ token_endpoint: `${server.origin}/moved` })
    server.answers.set('/moved', sendJson({ access_token: 'a', token_type: 'Bearer' }))
    expect(await refresh(port)).toMatchObject({ kind: 'tokens' })
    expect(server.asked.at(-1)).toBe('/moved')
  })
})

describe('a discovery that hangs', () => {
  test('can be given up by a refresh and by a login', async () => {
    let cancel = new AbortController()
    server.answers.set(openid, () => cancel.abort())
    const outcome = await refresh(server.connect(), cancel.signal)
    expect(outcome).toMatchObject({ kind: 'not_sent', failure: { code: 'cancelled' } })
    cancel = new AbortController()
    const login = server.connect().login({ grant: 'device_code', signal: cancel.signal, onProgress: () => {} })
    expect((await failureOf(login)).code).toBe('login_cancelled')
  })

  test('is left to the others by one who gives up', async () => {
    const cancel = new AbortController()
    const hanging = Promise.withResolvers<() => void>()
    server.answers.set(openid, (...exchange) => hanging.resolve(() => sendJson(server.metadata())(...exchange)))
    const port = server.connect()
    const [impatient, patient] = [refresh(port, cancel.signal), refresh(port)]
    const goOn = await hanging.promise
    cancel.abort()
    expect(await impatient).toMatchObject({ kind: 'not_sent', failure: { code: 'cancelled' } })
    goOn()
    expect(await patient).toMatchObject({ kind: 'tokens' })
    expect(server.asked).toEqual([openid, '/token'])
  })

  test('ends by itself: nothing was sent', async () => {
    server.answers.set(openid, () => {})
    const outcome = await refresh(server.connect({}, { timeoutMs: 1_000 }))
    expect(outcome).toMatchObject({ kind: 'not_sent', failure: { code: 'server_timeout' } })
  })
})

test.each([
  ['http to another host', 'http://elsewhere.example/x'],
  ['http to a name that begins like loopback', 'http://127.0.0.1.elsewhere.example/x'],
  ['a user name', 'https://user@127.0.0.1/x'],
  ['another scheme', 'ftp://127.0.0.1/x'],
])('S14 P21 %s: refused at the place that sends, whatever it is for', async (_, url) => {
  const request = new OAuthRequest({ ca: undefined, signal: never, timeoutMs: 1_000, now: Date.now })
  expect((await failureOf(request.fetch(url, {}))).code).toBe('insecure_url')
  expect(request.trace).toMatchObject({ sent: false, networkError: { code: 'insecure_url' } })
})
