// Where metadata is looked for, and servers that answer oddly when it is (P3, P19).

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ProfileTable } from '../../../src/config/profile-table.ts'
import type { AuthorizationServer } from '../../../src/core/ports.ts'
import { redact } from '../../../src/core/redacted.ts'
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
  ['a redirect to a page', send(301, '', { location: '/login' })],
])('the first place has %s, the second the metadata', async (_, answer) => {
  server.answers.set(openid, answer)
  server.answers.set(oauth, sendJson(server.metadata()))
  expect(await refresh(server.connect())).toMatchObject({ kind: 'tokens' })
  expect(server.asked.filter((path) => path !== '/login')).toEqual([openid, oauth, '/token'])
})

describe('N8 Entra for any tenant', () => {
  const template = (): string => `${server.origin}/{tenantid}/v2.0`

  test.each(['common', 'organizations', 'consumers'])('%s', async (tenant) => {
    const issuer = `${server.origin}/${tenant}/v2.0`
    server.answers.set(`/${tenant}/v2.0${openid}`, sendJson({ ...server.metadata(), issuer: template() }))
    expect(await refresh(server.connect({ issuer }))).toMatchObject({ kind: 'tokens' })
  })

  test.each<[string, string, string]>([
    ['of another host', '/common/v2.0', 'https://evil.example/{tenantid}/v2.0'],
    ['with another path', '/common/v2.0', 'ORIGIN/{tenantid}/v1.0'],
    ['for which the profile has two segments', '/a/b/v2.0', 'ORIGIN/{tenantid}/v2.0'],
  ])('not a template %s', async (_, path, issuer) => {
    server.answers.set(`${path}${openid}`, sendJson({ ...server.metadata(), issuer: issuer.replace('ORIGIN', server.origin) }))
    const outcome = await refresh(server.connect({ issuer: `${server.origin}${path}` }))
    expect(outcome).toMatchObject({ kind: 'not_sent', failure: { code: 'issuer_mismatch' } })
  })

  test('the hint does not ask for the template to be typed', async () => {
    server.answers.set(openid, sendJson({ ...server.metadata(), issuer: template() }))
    const outcome = await refresh(server.connect())
    expect(outcome.kind === 'not_sent' && outcome.failure.hint).toContain('put your tenant in place of {tenantid}')
  })
})

describe('N10 a redirect of the metadata', () => {
  const moved = (location: string, status = 301): Answer => send(status, '', { location })

  test.each([301, 302, 307, 308])('%i to the same origin is followed', async (status) => {
    server.answers.set(openid, moved(`${openid}/`, status))
    server.answers.set(`${openid}/`, sendJson(server.metadata()))
    expect(await refresh(server.connect())).toMatchObject({ kind: 'tokens' })
  })

  test.each<[string, () => string]>([
    ['to another origin', () => `https://evil.example${openid}`],
    ['to another port', () => `http://127.0.0.1:1${openid}`],
    ['in a circle', () => openid],
  ])('%s is not', async (_, location) => {
    server.answers.set(openid, moved(location()))
    expect(await refresh(server.connect())).toMatchObject({ kind: 'not_sent', failure: { code: 'discovery_failed' } })
    expect(server.asked.filter((path) => path === openid).length).toBeLessThanOrEqual(4)
  })
})

describe('N17 metadata in two documents', () => {
  const revoke = (table: Partial<ProfileTable> = {}): Promise<unknown> =>
    server.connect(table).revoke(redact('t'), 'refresh_token', never)

  beforeEach(() => void server.answers.set('/revoke', send(200, '')))

  test('what one lacks the other has', async () => {
    server.discoverable({ revocation_endpoint: undefined })
    server.answers.set(oauth, sendJson(server.metadata()))
    expect(await revoke()).toBe('revoked')
  })

  test('the first counts where both say something', async () => {
    server.discoverable({ revocation_endpoint: undefined })
    server.answers.set(oauth, sendJson({ ...server.metadata(), token_endpoint: `${server.origin}/other` }))
    expect(await refresh(server.connect())).toMatchObject({ kind: 'tokens' })
    expect(server.asked).toContain('/token')
  })

  test('of another issuer it is not taken', async () => {
    server.discoverable({ revocation_endpoint: undefined })
    server.answers.set(oauth, sendJson({ ...server.metadata(), issuer: 'https://evil.example' }))
    expect(await revoke()).toBe('unsupported')
  })

  test.each<[string, Answer]>([
    ['fails', send(500, '')],
    ['is a page', send(200, '<html>')],
    ['hangs up', (request) => void request.socket.resetAndDestroy()],
  ])('one that %s costs nothing', async (_, answer) => {
    server.discoverable({ revocation_endpoint: undefined })
    server.answers.set(oauth, answer)
    expect(await refresh(server.connect())).toMatchObject({ kind: 'tokens' })
  })

  test('a single endpoint is added to what is discovered', async () => {
    server.discoverable({ revocation_endpoint: undefined, token_endpoint: `${server.origin}/wrong` })
    server.answers.set('/own', send(200, ''))
    const endpoints = { revocation: `${server.origin}/own` }
    expect(await revoke({ endpoints })).toBe('revoked')
    expect(server.asked).toContain('/own')
    expect(await refresh(server.connect({ endpoints: { token: `${server.origin}/token` } }))).toMatchObject({ kind: 'tokens' })
  })

  test('with the token endpoint by hand, what is needed beside it is discovered', async () => {
    server.discoverable()
    const endpoints = { token: `${server.origin}/token` }
    expect(await revoke({ endpoints })).toBe('revoked')
    expect(await refresh(server.connect({ endpoints }))).toMatchObject({ kind: 'tokens' })
  })

  test('... and where there is no metadata it is unsupported, not a failure', async () => {
    expect(await revoke({ endpoints: { token: `${server.origin}/token` } })).toBe('unsupported')
  })
})

describe('L11 a token endpoint that moves', () => {
  let now: number
  let port: AuthorizationServer

  beforeEach(async () => {
    now = 1_000_000_000
    port = server.connect({}, { clock: { ...systemClock, now: () => now } })
    server.discoverable()
    await refresh(port)
    server.discoverable({ token_endpoint: `${server.origin}/moved` })
    server.answers.set('/moved', sendJson({ access_token: 'a', token_type: 'Bearer' }))
    now += 600_000
  })

  test.each<[string, Answer]>([
    ['404', send(404, '<html>')],
    ['405', send(405, '')],
    ['410', send(410, '')],
    ['a redirect', send(308, '', { location: '/moved' })],
  ])('%s: the metadata is asked for anew, and the request sent to the new place', async (_, answer) => {
    server.answers.set('/token', answer)
    expect(await refresh(port)).toMatchObject({ kind: 'tokens' })
    expect(server.asked.at(-1)).toBe('/moved')
  })

  test('nothing listens at the old place', async () => {
    const gone = await OddServer.start()
    gone.close()
    server.discoverable({ token_endpoint: `${gone.origin}/token` })
    const other = server.connect({}, { clock: { ...systemClock, now: () => now } })
    expect(await refresh(other)).toMatchObject({ kind: 'not_sent' })
    server.discoverable()
    now += 600_000
    expect(await refresh(other)).toMatchObject({ kind: 'tokens' })
  })

  test.each<[string, Answer]>([
    ['a refusal', sendJson({ error: 'invalid_grant' }, 400)],
    ['a server error', send(500, '')],
    ['a reset', (request) => void request.socket.resetAndDestroy()],
  ])('not after %s: it may have been acted on', async (_, answer) => {
    server.answers.set('/token', answer)
    expect((await refresh(port)).kind).not.toBe('tokens')
    expect(server.asked).not.toContain('/moved')
  })

  test('a server that is gone altogether is asked once more for its metadata, and no more', async () => {
    server.answers.set('/token', send(404, ''))
    server.discoverable()
    const { length } = server.asked
    expect(await refresh(port)).toMatchObject({ kind: 'no_verdict' })
    expect(server.asked.slice(length)).toEqual(['/token', openid])
  })

  test('a login asks anew', async () => {
    server.discoverable({ device_authorization_endpoint: `${server.origin}/device2` })
    await failureOf(port.login({ grant: 'device_code', signal: never, onProgress: () => {} }))
    expect(server.asked).toContain('/device2')
  })
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
  const request = new OAuthRequest({
    trust: { ca: undefined, systemStore: true },
    signal: never,
    timeoutMs: 1_000,
    now: Date.now,
    userAgent: 'test',
  })
  expect((await failureOf(request.fetch(url, {}))).code).toBe('insecure_url')
  expect(request.trace).toMatchObject({ sent: false, networkError: { code: 'insecure_url' } })
})
