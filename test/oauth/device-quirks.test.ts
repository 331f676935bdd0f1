// Device authorization as servers really answer it, and ID tokens that must not be believed (P9, P10, P11).

import { generateKeyPair, exportJWK, type JWK, SignJWT } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ProfileTable } from '../../src/config/config.ts'
import { Failure } from '../../src/core/failures.ts'
import type { LoginProgress, TokenResponse } from '../../src/core/ports.ts'
import { OddServer, send, sendJson } from '../support/odd-server.ts'

let server: OddServer
const tokens = { access_token: 'a', token_type: 'Bearer', expires_in: 60, refresh_token: 'r', refresh_expires_in: 1800 }

const device = (over: object = {}): object => ({
  device_code: 'd',
  user_code: 'ABCD',
  verification_uri: `${server.origin}/d`,
  expires_in: 900,
  interval: 1,
  ...over,
})

beforeEach(async () => {
  server = await OddServer.start()
  server.discoverable()
  server.answers.set('/device', sendJson(device()))
  server.answers.set('/token', sendJson(tokens))
})

afterEach(() => server.close())

async function logIn(table: Partial<ProfileTable> = {}): Promise<{ response: TokenResponse; told: LoginProgress[] }> {
  const told: LoginProgress[] = []
  const response = await server.connect({ scopes: ['read'], ...table }).login({
    grant: 'device_code',
    signal: new AbortController().signal,
    onProgress: (progress) => void told.push(progress),
  })
  return { response, told }
}

const failing = async (table: Partial<ProfileTable> = {}): Promise<Failure> => {
  const error: unknown = await logIn(table).catch((error: unknown) => error)
  if (error instanceof Failure) return error
  throw new Error('the login did not fail')
}

describe('the code', () => {
  test.each<[string, object]>([
    ['interval as a text', { interval: '1' }],
    ['interval as null: 5 seconds are too long for a test, so the code is spent', { interval: null, expires_in: 1 }],
    ['verification_url of Google', { verification_uri: undefined, verification_url: 'ORIGIN/d' }],
    ['a complete address as null', { verification_uri_complete: null }],
  ])('%s', async (_, over) => {
    const answer = JSON.parse(JSON.stringify(device(over)).replaceAll('ORIGIN', server.origin)) as object
    server.answers.set('/device', sendJson(answer))
    if ('expires_in' in over) expect((await failing()).code).toBe('login_expired')
    else expect((await logIn()).told[0]).toMatchObject({ type: 'device_code', verificationUri: `${server.origin}/d` })
  })

  test('P10 a complete address of another host is not shown, and controls in the code reach no terminal', async () => {
    server.answers.set(
      '/device',
      sendJson(device({ user_code: '\u001b]0;x\u0007AB', verification_uri_complete: 'https://evil.example/x' })),
    )
    const { told } = await logIn()
    expect(told[0]).not.toHaveProperty('verificationUriComplete')
    expect(told[0]).toMatchObject({ userCode: expect.not.stringMatching(/\p{Cc}/u) as string })
  })

  test('P9 an interval of nothing is no licence to hammer', async () => {
    server.answers.set('/device', sendJson(device({ interval: 0.001, expires_in: 2 })))
    server.answers.set('/token', sendJson({ error: 'authorization_pending' }, 400))
    expect((await failing()).code).toBe('login_expired')
    expect(server.asked.filter((path) => path === '/token').length).toBeLessThanOrEqual(2)
  })
})

describe('P11 ID tokens', () => {
  let key: {
    readonly alg: string
    readonly privateKey: Awaited<ReturnType<typeof generateKeyPair>>['privateKey']
    readonly jwk: JWK
  }

  const makeKey = async (alg: string): Promise<typeof key> => {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
    return { alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid: 'k', alg, use: 'sig' } }
  }

  interface Claims {
    readonly aud?: string | string[]
    readonly iss?: string
    readonly life?: string
    readonly azp?: string
    readonly kid?: string | undefined
  }

  const idToken = async (by: typeof key, claims: Claims = {}): Promise<string> => {
    const { aud = 'c', iss = server.origin, life = '1h', azp } = claims
    return new SignJWT({ sub: 'ada', ...(azp === undefined ? {} : { azp }) })
      .setProtectedHeader({ alg: by.alg, ...('kid' in claims ? {} : { kid: 'k' }) })
      .setIssuer(iss)
      .setAudience(aud)
      .setIssuedAt()
      .setExpirationTime(life)
      .sign(by.privateKey)
  }

  const unsigned = (): string => {
    const now = Math.floor(Date.now() / 1000)
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    return `${part({ alg: 'none' })}.${part({ iss: server.origin, sub: 'ada', aud: 'c', iat: now, exp: now + 3600 })}.`
  }

  beforeEach(async () => {
    key = await makeKey('RS256')
    server.answers.set('/jwks', sendJson({ keys: [key.jwk] }))
  })

  test.each(['RS256', 'ES256', 'EdDSA'])('%s is believed, though the metadata does not say what is used', async (alg) => {
    const used = await makeKey(alg)
    server.answers.set('/jwks', sendJson({ keys: [used.jwk] }))
    server.answers.set('/token', sendJson({ ...tokens, id_token: await idToken(used) }))
    const { response } = await logIn({ scopes: ['openid'] })
    expect(response).toMatchObject({ identity: { subject: 'ada' }, refreshTokenExpiresIn: 1800 })
  })

  test('a server with one key that it gives no name, algorithm or use', async () => {
    const { kid: _k, alg: _a, use: _u, ...bare } = key.jwk
    server.answers.set('/jwks', sendJson({ keys: [bare] }))
    server.answers.set('/token', sendJson({ ...tokens, id_token: await idToken(key, { kid: undefined }) }))
    expect((await logIn({ scopes: ['openid'] })).response.identity?.subject).toBe('ada')
  })

  test.each<[string, Record<string, unknown>, () => Promise<string>]>([
    ['not signed', {}, async () => unsigned()],
    [
      'not signed, by a server that lists none',
      { id_token_signing_alg_values_supported: ['none', 'RS256'] },
      async () => unsigned(),
    ],
    ['not signed, by a server without keys', { jwks_uri: undefined }, async () => unsigned()],
    ['signed by another key', {}, async () => idToken(await makeKey('RS256'))],
    ['for another client', {}, async () => idToken(key, { aud: 'x' })],
    ['for two, and given to the other', {}, async () => idToken(key, { aud: ['c', 'd'], azp: 'd' })],
    ['of another issuer', {}, async () => idToken(key, { iss: 'https://evil.example' })],
    ['expired', {}, async () => idToken(key, { life: '-1h' })],
  ])('%s: the login fails', async (_, metadata, make) => {
    server.discoverable(metadata)
    server.answers.set('/token', sendJson({ ...tokens, id_token: await make() }))
    expect(['server_invalid_response', 'login_failed', 'server_refused']).toContain((await failing({ scopes: ['openid'] })).code)
  })

  test('keys that cannot be had once the code is spent: it is said so, and the code is not tried again', async () => {
    server.answers.set('/jwks', send(503, ''))
    server.answers.set('/token', sendJson({ ...tokens, id_token: await idToken(key) }))
    const failure = await failing({ scopes: ['openid'] })
    expect(failure.code).toBe('server_unavailable')
    expect(server.asked.filter((path) => path === '/token')).toHaveLength(1)
  })
})

describe('revocation', () => {
  test.each<[string, number, string, string]>([
    ['204', 204, '', 'revoked'],
    ['200 with a page', 200, '<html>', 'revoked'],
    ['a type that it does not revoke', 400, '{"error":"unsupported_token_type"}', 'unsupported'],
    ['an unknown token', 400, '{"error":"invalid_token"}', 'server_refused'],
    ['nothing there', 404, '', 'server_invalid_response'],
    ['a redirect', 302, '', 'server_invalid_response'],
  ])('%s', async (_, status, body, expected) => {
    server.answers.set('/revoke', send(status, body, { 'content-type': 'application/json', location: '/elsewhere' }))
    const { redact } = await import('../../src/core/redacted.ts')
    const outcome = await server
      .connect()
      .revoke(redact('t'), 'refresh_token', new AbortController().signal)
      .catch((error: unknown) => (error instanceof Failure ? error.code : error))
    expect(outcome).toBe(expected)
    expect(server.asked).not.toContain('/elsewhere')
  })
})
