// Where metadata is looked for, and servers that answer oddly when it is (P3, P19).

import { afterEach, beforeEach, expect, test } from 'vitest'
import { metadataUrls } from '../../src/oauth/discovery.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { type Answer, OddServer, refresh, send, sendJson } from '../support/odd-server.ts'

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
  ['a problem of its own', send(500, '')],
  ['an empty object', sendJson({})],
  ['an error as 200', sendJson({ error: 'not found' })],
  ['a page as 200', send(200, '<html>', { 'content-type': 'text/html' })],
  ['a redirect', send(301, '', { location: '/login' })],
])('the first place has %s, the second the metadata', async (_, answer) => {
  server.answers.set(openid, answer)
  server.answers.set(oauth, sendJson(server.metadata()))
  expect(await refresh(server.connect())).toMatchObject({ kind: 'tokens' })
})

test.each<[string, object | string, string]>([
  ['no metadata', 'nothing', 'discovery_failed'],
  ['no token endpoint', { issuer: 'ORIGIN' }, 'discovery_failed'],
  ['P3 another issuer', { issuer: 'https://evil.example', token_endpoint: 'ORIGIN/token' }, 'issuer_mismatch'],
  ['P19 a token endpoint without https', { issuer: 'ORIGIN', token_endpoint: 'http://elsewhere.example/token' }, 'insecure_url'],
  ['a token endpoint that is no URL', { issuer: 'ORIGIN', token_endpoint: '/token' }, 'discovery_failed'],
  ['a list', '[]', 'discovery_failed'],
])('%s', async (_, metadata, code) => {
  const text = (typeof metadata === 'string' ? metadata : JSON.stringify(metadata)).replaceAll('ORIGIN', server.origin)
  server.answers.set(openid, send(200, text))
  expect(await refresh(server.connect())).toMatchObject({ kind: 'not_sent', failure: { code } })
})

test('a failed discovery is not remembered; a good one outlives a server that is down, for all who ask at once', async () => {
  let now = Date.now()
  const port = server.connect({}, { clock: { ...systemClock, now: () => now } })
  server.answers.set(openid, send(503, ''))
  server.answers.set(oauth, send(503, ''))
  expect(await refresh(port)).toMatchObject({ kind: 'not_sent', failure: { code: 'server_unavailable' } })
  server.discoverable()
  expect(await refresh(port)).toMatchObject({ kind: 'tokens' })
  server.answers.set(openid, send(503, ''))
  now += 4_000_000
  const both = await Promise.all([refresh(port), refresh(port)])
  expect(both.map(({ kind }) => kind)).toEqual(['tokens', 'tokens'])
})

test('a discovery that hangs can be given up', async () => {
  const cancel = new AbortController()
  server.answers.set(openid, () => cancel.abort())
  expect(await refresh(server.connect(), cancel.signal)).toMatchObject({ kind: 'not_sent', failure: { code: 'cancelled' } })
})
