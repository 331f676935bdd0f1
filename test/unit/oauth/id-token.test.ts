// ID tokens that are believed, and those that must not be (P11, P12): made by jose, brought by a login in the browser.

import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ProfileTable } from '../../../src/config/profile-table.ts'
import type { LoginProgress, TokenOutcome, TokenResponse } from '../../../src/core/ports.ts'
import { redact } from '../../../src/core/redacted.ts'
import { callbackOf, failureOf, never, OddServer, sendJson } from '../../support/odd-server.ts'

interface Key {
  readonly alg: string
  readonly privateKey: CryptoKey
  readonly jwk: JWK
}

/** For the nonce of the login. */
type MakeToken = (nonce: string) => string | undefined | Promise<string>

let server: OddServer
let key: Key
const tokens = { access_token: 'a', token_type: 'Bearer', expires_in: 60, refresh_token: 'r', refresh_expires_in: 1800 }

beforeEach(async () => {
  server = await OddServer.start()
  server.discoverable()
  key = await makeKey('RS256')
  server.answers.set('/jwks', sendJson({ keys: [key.jwk] }))
})

afterEach(() => server.close())

async function makeKey(alg: string): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  return { alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid: 'k', alg, use: 'sig' } }
}

/** Undefined: without it. */
type Claims = { readonly [Name in keyof JWTPayload]: JWTPayload[Name] | undefined }

function claimsOf(over: Claims): JWTPayload {
  const now = Math.floor(Date.now() / 1000)
  return { iss: server.origin, sub: 'ada', aud: 'c', iat: now, exp: now + 3600, ...over } as JWTPayload
}

/** `kid` may be empty: then none is named. */
const sign = (by: Key, over: Claims, kid = 'k'): Promise<string> =>
  new SignJWT(claimsOf(over)).setProtectedHeader({ alg: by.alg, ...(kid === '' ? {} : { kid }) }).sign(by.privateKey)

const unsigned = (over: Claims): string =>
  `${[{ alg: 'none' }, claimsOf(over)].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.`

function logIn(make: MakeToken, table: Partial<ProfileTable> = {}): Promise<TokenResponse> {
  let nonce = ''
  server.answers.set('/token', async (...exchange) => {
    sendJson({ ...tokens, id_token: await make(nonce) })(...exchange)
  })
  const onProgress = async (progress: LoginProgress): Promise<void> => {
    if (progress.type === 'open_browser') nonce = new URL(progress.url).searchParams.get('nonce') ?? ''
    await fetch(callbackOf(progress))
  }
  return server
    .connect({ scopes: ['openid'], ...table })
    .login({ grant: 'authorization_code', signal: never, onProgress: (progress) => void onProgress(progress) })
}

describe('P11 believed', () => {
  test.each(['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'])('%s, though the metadata does not say what is used', async (alg) => {
    const used = await makeKey(alg)
    server.answers.set('/jwks', sendJson({ keys: [used.jwk] }))
    const response = await logIn((nonce) => sign(used, { nonce }))
    expect(response.identity).toEqual({ issuer: server.origin, subject: 'ada' })
    expect(server.asked).toContain('/jwks')
  })

  test('what the token answer said beside it is kept', async () => {
    const response = await logIn((nonce) => sign(key, { nonce, name: 'Ada', email: 'ada@x.example' }))
    expect(response).toMatchObject({
      expiresIn: 60,
      refreshTokenExpiresIn: 1800,
      identity: { name: 'Ada', email: 'ada@x.example' },
    })
    expect(response.refreshToken?.reveal()).toBe('r')
  })

  test('endpoints by hand', async () => {
    const at = (path: string): string => `${server.origin}/${path}`
    const endpoints = { token: at('token'), authorization: at('auth'), jwks: at('jwks') }
    const used = await makeKey('ES256')
    server.answers.set('/jwks', sendJson({ keys: [used.jwk] }))
    expect((await logIn((nonce) => sign(used, { nonce }), { endpoints })).identity?.subject).toBe('ada')
  })

  test('by a server with one key that it gives no name, algorithm or use', async () => {
    const { kid: _k, alg: _a, use: _u, ...bare } = key.jwk
    server.answers.set('/jwks', sendJson({ keys: [bare] }))
    expect((await logIn((nonce) => sign(key, { nonce }, ''))).identity?.subject).toBe('ada')
  })

  test('by a server without keys: the connection vouches for it (OpenID Connect Core section 3.1.3.7, 6)', async () => {
    server.discoverable({ jwks_uri: undefined })
    expect((await logIn((nonce) => sign(key, { nonce }))).identity?.subject).toBe('ada')
    expect(server.asked).not.toContain('/jwks')
  })

  test('for two, and given to this one; by a server whose clock is two minutes ahead', async () => {
    const iat = Math.floor(Date.now() / 1000) + 120
    const response = await logIn((nonce) => sign(key, { nonce, aud: ['c', 'd'], azp: 'c', iat, exp: iat + 60 }))
    expect(response.identity?.subject).toBe('ada')
  })
})

// Each differs from one above by one thing.
describe('P11 not believed, and the login fails', () => {
  const listsNone = { id_token_signing_alg_values_supported: ['none', 'RS256'] }
  const noKeys = { jwks_uri: undefined }

  test.each<[string, Record<string, unknown>, MakeToken]>([
    ['not signed', {}, (nonce) => unsigned({ nonce })],
    ['not signed, by a server that lists it', listsNone, (nonce) => unsigned({ nonce })],
    ['not signed, by a server without keys', noKeys, (nonce) => unsigned({ nonce })],
    ['not signed, by a server without keys that lists it', { ...listsNone, ...noKeys }, (nonce) => unsigned({ nonce })],
    ['signed by another key', {}, async (nonce) => sign(await makeKey('RS256'), { nonce })],
    ['signed by a key of another name', {}, (nonce) => sign(key, { nonce }, 'elsewhere')],
    ['changed on its way', {}, async (nonce) => changed(await sign(key, { nonce }))],
    [
      'signed otherwise than the server says',
      { id_token_signing_alg_values_supported: ['ES256'] },
      (nonce) => sign(key, { nonce }),
    ],
    ['for another client', {}, (nonce) => sign(key, { nonce, aud: 'x' })],
    ['for nobody', {}, (nonce) => sign(key, { nonce, aud: undefined })],
    ['for two, and given to the other', {}, (nonce) => sign(key, { nonce, aud: ['c', 'd'], azp: 'd' })],
    ['for two, and nobody knows to whom it was given', {}, (nonce) => sign(key, { nonce, aud: ['c', 'd'] })],
    ['of another issuer', {}, (nonce) => sign(key, { nonce, iss: 'https://evil.example' })],
    ['of nobody', {}, (nonce) => sign(key, { nonce, iss: undefined })],
    ['about nobody', {}, (nonce) => sign(key, { nonce, sub: undefined })],
    ['expired', {}, (nonce) => sign(key, { nonce, exp: Math.floor(Date.now() / 1000) - 3600 })],
    ['without an end', {}, (nonce) => sign(key, { nonce, exp: undefined })],
    ['without a beginning', {}, (nonce) => sign(key, { nonce, iat: undefined })],
    ['of another login', {}, () => sign(key, { nonce: 'x'.repeat(43) })],
    ['of no login', {}, () => sign(key, {})],
    ['not there, though it was asked for', {}, () => undefined],
    ['no token', {}, () => 'garbage'],
  ])('%s', async (_, metadata, make) => {
    server.discoverable(metadata)
    expect((await failureOf(logIn(make))).code).toBe('login_failed')
    expect(server.asked.filter((path) => path === '/token')).toHaveLength(1)
  })
})

test.each([
  ['HS256', { id_token_signing_alg_values_supported: ['HS256', 'RS256'] }],
  ['HS256', {}],
  ['RS999', { id_token_signing_alg_values_supported: ['RS999'] }],
])(
  'N20 %s, which cannot be verified: it is said which it is and where to change it, and not to try again',
  async (alg, metadata) => {
    server.discoverable(metadata)
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const failure = await failureOf(logIn((nonce) => `${part({ alg })}.${part(claimsOf({ nonce }))}.AAAA`))
    expect([failure.code, failure.exitCode]).toEqual(['login_failed', 8])
    expect(failure.message).toContain(`signed with ${alg}`)
    expect(failure.hint).toContain('RS256')
  },
)

describe('N6 clocks that differ', () => {
  /** As a server would make it whose clock is so many seconds ahead. */
  const byClock = async (ahead: number): Promise<unknown> => {
    const now = Math.floor(Date.now() / 1000) + ahead
    const date = new Date(now * 1000).toUTCString()
    let nonce = ''
    server.answers.set('/token', async (request, response) => {
      const idToken = await sign(key, { nonce, iat: now, nbf: now, exp: now + 60 })
      response.writeHead(200, { 'content-type': 'application/json', date }).end(JSON.stringify({ ...tokens, id_token: idToken }))
    })
    const onProgress = (progress: LoginProgress): void => {
      if (progress.type === 'open_browser') nonce = new URL(progress.url).searchParams.get('nonce') ?? ''
      void fetch(callbackOf(progress))
    }
    return server.connect({ scopes: ['openid'] }).login({ grant: 'authorization_code', signal: never, onProgress })
  }

  test.each([60, 240, -240])('%i s: no matter', async (ahead) => {
    expect(await byClock(ahead)).toMatchObject({ identity: { subject: 'ada' } })
  })

  test.each([
    [3600, 'clock of this machine is 1 h behind'],
    [-7200, 'clock of this machine is 2 h ahead of'],
  ])('%i s: the difference is named', async (ahead, words) => {
    const failure = await failureOf(byClock(ahead))
    expect([failure.code, failure.hint]).toEqual(['login_failed', 'set the clock of this machine, then log in again'])
    expect(failure.message).toContain(words)
  })
})

describe('N8 an ID token of Entra, by the endpoint for any tenant', () => {
  const tenant = '9188040d-6c67-4c5b-b112-36a304b66dad'
  const login = async (claims: Claims): Promise<TokenResponse> => {
    const issuer = `${server.origin}/common/v2.0`
    const metadata = { ...server.metadata(), issuer: `${server.origin}/{tenantid}/v2.0` }
    server.answers.set('/common/v2.0/.well-known/openid-configuration', sendJson(metadata))
    return logIn((nonce) => sign(key, { nonce, ...claims }), { issuer })
  }

  test('is of its own tenant', async () => {
    const iss = `${server.origin}/${tenant}/v2.0`
    expect(await login({ iss, tid: tenant })).toMatchObject({ identity: { issuer: iss, subject: 'ada' } })
  })

  test.each<[string, () => Claims]>([
    ['of another tenant than it says', () => ({ iss: `${server.origin}/${tenant}/v2.0`, tid: 'other' })],
    ['of no tenant', () => ({ iss: `${server.origin}/${tenant}/v2.0` })],
    ['of the template', () => ({ iss: `${server.origin}/{tenantid}/v2.0`, tid: tenant })],
    ['of another host', () => ({ iss: `https://evil.example/${tenant}/v2.0`, tid: tenant })],
  ])('%s: not believed', async (_, claims) => {
    expect((await failureOf(login(claims()))).code).toBe('login_failed')
  })
})

/** The same signature under other claims. */
function changed(token: string): string {
  const [head, payload = '', signature] = token.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as JWTPayload
  return [head, Buffer.from(JSON.stringify({ ...claims, sub: 'grace' })).toString('base64url'), signature].join('.')
}

describe('P12 an ID token that comes with a refresh', () => {
  const refresh = (idToken: string, subject: string): Promise<TokenOutcome> => {
    server.answers.set('/token', sendJson({ ...tokens, id_token: idToken }))
    const identity = { issuer: server.origin, subject }
    return server.connect().refresh({ refreshToken: redact('the-refresh-token'), target: {}, identity }, never)
  }

  test('of the same user: the tokens count, and keys that cannot be had cost nothing', async () => {
    expect(await refresh(await sign(key, {}), 'ada')).toMatchObject({ kind: 'tokens', response: { refreshTokenExpiresIn: 1800 } })
    expect(server.asked).not.toContain('/jwks')
  })

  test('that nobody can read says nothing of the user', async () => {
    for (const garbage of ['garbage', 'a.b.c', `a.${Buffer.from('null').toString('base64url')}.c`]) {
      expect(await refresh(garbage, 'ada')).toMatchObject({ kind: 'tokens' })
    }
  })

  test.each<[string, Claims]>([
    ['of another user', { sub: 'grace' }],
    ['of another issuer', { iss: 'https://evil.example' }],
    ['of nobody', { sub: undefined }],
  ])('%s is told apart', async (_, claims) => {
    expect(await refresh(await sign(key, claims), 'ada')).toMatchObject({ kind: 'identity_changed' })
  })
})
