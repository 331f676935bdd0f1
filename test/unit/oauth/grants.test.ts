// Each grant against oidc-provider.

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ProfileTable, toProfile } from '../../../src/config/profile-table.ts'
import { Failure } from '../../../src/core/failures.ts'
import type { AuthorizationServer as Port, LoginProgress, TokenResponse } from '../../../src/core/ports.ts'
import type { Grant } from '../../../src/core/grant.ts'
import { redact } from '../../../src/core/redacted.ts'
import { connectBy } from '../../../src/oauth/server.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'

let server: AuthorizationServer

beforeEach(async () => {
  server = await startAuthorizationServer()
})

afterEach(() => server.close())

const never = new AbortController().signal

function connect(table: Partial<ProfileTable> = {}, secret?: string): Port {
  const profile = toProfile('work', {
    issuer: server.issuer,
    client_id: server.clientId,
    scopes: ['openid', 'offline_access', 'read'],
    ...table,
  })
  return connectBy(systemClock)(profile, async () => (secret === undefined ? undefined : redact(secret)))
}

/** What is sent is in the address. */
const direct: Partial<ProfileTable> = { par: false }

/** Logs in; `onProgress` plays the user. */
const login = (
  port: Port,
  onProgress: (progress: LoginProgress) => unknown,
  grant: Grant = 'authorization_code',
  signal = never,
  onPaste?: (accept: (url: string) => void) => void,
): Promise<TokenResponse> => port.login({ grant, signal, onProgress, ...(onPaste === undefined ? {} : { onPaste }) })

const browse = async (progress: LoginProgress): Promise<string> => {
  if (progress.type !== 'open_browser') throw new Error(progress.type)
  const page = await fetch(await server.authorize(progress.url))
  return page.text()
}

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work
    return 'none'
  } catch (error) {
    if (error instanceof Failure) return error.code
    throw error
  }
}

describe('authorization code', () => {
  test('P1 P2 PKCE S256, state, nonce and verifier fresh for each login', async () => {
    const seen: URLSearchParams[] = []
    for (let round = 0; round < 2; round++) {
      await login(connect(direct), (progress) => {
        if (progress.type === 'open_browser') seen.push(new URL(progress.url).searchParams)
        return browse(progress)
      })
    }
    expect(seen.map((each) => each.get('code_challenge_method'))).toEqual(['S256', 'S256'])
    for (const name of ['state', 'nonce', 'code_challenge']) {
      const values = seen.map((each) => each.get(name) ?? '')
      expect(new Set(values).size, name).toBe(2)
      expect(Math.min(...values.map((value) => value.length)), name).toBeGreaterThanOrEqual(43)
    }
    expect(seen[0]?.get('response_type')).toBe('code')
    const verifiers = server.requests.map(({ parameters }) => parameters.get('code_verifier'))
    expect(new Set(verifiers).size).toBe(2)
  })

  test('P11 the identity comes from the verified ID token, the scope from the server', async () => {
    const response = await login(connect(), browse)
    expect(response).toMatchObject({ identity: { issuer: server.issuer, subject: 'ada' }, tokenType: 'Bearer', expiresIn: 3600 })
    expect(response.scope).toContain('read')
    expect(response.refreshToken).toBeDefined()
  })

  test('P11 a new signing key of the server is followed', async () => {
    const port = connect()
    await login(port, browse)
    await server.rotateKeys()
    await expect(login(port, browse)).resolves.toMatchObject({ identity: { subject: 'ada' } })
  })

  test('P2 P5 P6 a foreign, a replayed and a garbage callback are refused, and the login goes on; then the listener is closed', async () => {
    let redirect = ''
    await login(connect(direct), async (progress) => {
      if (progress.type !== 'open_browser') return
      const wrong = [
        `${progress.redirectUri}?code=stolen&state=${'x'.repeat(43)}`,
        `${progress.redirectUri}?code=stolen`,
        `${progress.redirectUri}?state=${new URL(progress.url).searchParams.get('state')}`,
        progress.redirectUri,
        `${new URL(progress.redirectUri).origin}/elsewhere`,
      ]
      for (const url of wrong) {
        const page = await fetch(url)
        expect([url, page.status]).toEqual([url, page.status === 404 ? 404 : 400])
        expect(await page.text()).toContain('not the login that is under way')
      }
      expect((await fetch(progress.redirectUri, { method: 'POST' })).status).toBe(405)
      redirect = await server.authorize(progress.url)
      await fetch(redirect)
    })
    // N14: a browser may ask twice.
    const [again, other] = await Promise.all([fetch(redirect), fetch(`${redirect}&more=1`)])
    expect([again.status, await again.text()]).toEqual([200, expect.stringContaining('You are logged in')])
    expect([other.status, await other.text()]).toEqual([400, expect.stringContaining('not the login that is under way')])
    await expect
      .poll(
        () =>
          fetch(redirect).then(
            () => 'open',
            () => 'closed',
          ),
        { timeout: 20_000 },
      )
      .toBe('closed')
  })

  test('P6 DNS rebinding: a Host that is not the loopback literal gets nothing', async () => {
    const cancel = new AbortController()
    const done = login(
      connect(direct),
      async (progress) => {
        if (progress.type !== 'open_browser') return
        const { port } = new URL(progress.redirectUri)
        const { request } = await import('node:http')
        const state = new URL(progress.url).searchParams.get('state')
        const outgoing = request({
          host: '127.0.0.1',
          port,
          path: `/callback?code=x&state=${state}`,
          headers: { host: `evil.example:${port}` },
        })
        outgoing.end()
        const [response] = (await once(outgoing, 'response')) as [{ statusCode: number }]
        expect(response.statusCode).toBe(400)
        cancel.abort()
      },
      'authorization_code',
      cancel.signal,
    )
    expect(await codeOf(done)).toBe('login_cancelled')
  })

  test('P4 a callback without iss, or with another, makes no token request', async () => {
    for (const change of [
      (url: URL) => url.searchParams.delete('iss'),
      (url: URL) => url.searchParams.set('iss', 'https://evil.example'),
    ]) {
      const before = server.requests.length
      const done = login(connect(), async (progress) => {
        if (progress.type !== 'open_browser') return
        const url = new URL(await server.authorize(progress.url))
        change(url)
        expect(await (await fetch(url)).text()).toContain('did not work')
      })
      expect(await codeOf(done)).toBe('login_failed')
      expect(server.requests.length).toBe(before)
    }
  })

  test('P8 the page: no-store, strict CSP, no script, what is reflected is escaped', async () => {
    const done = login(connect(direct), async (progress) => {
      if (progress.type !== 'open_browser') return
      const state = new URL(progress.url).searchParams.get('state') ?? ''
      const query = new URLSearchParams({
        state,
        iss: server.issuer,
        error: 'server_error',
        error_description: '<script>alert(1)</script>',
      })
      const page = await fetch(`${progress.redirectUri}?${query.toString()}`)
      const html = await page.text()
      expect(page.headers.get('cache-control')).toBe('no-store')
      expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-[^']+';/)
      expect(html).toContain('&lt;script&gt;')
      expect(html).not.toMatch(/<script|\son\w+=/i)
      expect(html).toContain('work')
    })
    expect(await codeOf(done)).toBe('login_failed')
  })

  test('a user who declines', async () => {
    const done = login(connect(), async (progress) => {
      if (progress.type === 'open_browser') await fetch(await server.authorize(progress.url, 'decline'))
    })
    expect(await codeOf(done)).toBe('login_cancelled')
  })

  test('over SSH: the redirected URL is pasted; a wrong one is refused and the login goes on', async () => {
    let paste: (url: string) => void = () => {}
    const done = login(
      connect(),
      async (progress) => {
        if (progress.type !== 'open_browser') return
        expect(() => paste('https://evil.example/?code=1&state=2')).toThrow('not the address')
        expect(() => paste('not a url')).toThrow('not the address')
        paste(`  ${await server.authorize(progress.url)}\n`)
      },
      'authorization_code',
      never,
      (accept) => {
        paste = accept
      },
    )
    await expect(done).resolves.toMatchObject({ identity: { subject: 'ada' } })
  })

  test('a cancel ends it at once and closes the listener', async () => {
    const cancel = new AbortController()
    let redirectUri = ''
    const done = login(
      connect(),
      (progress) => {
        if (progress.type === 'open_browser') redirectUri = progress.redirectUri
        cancel.abort()
      },
      'authorization_code',
      cancel.signal,
    )
    expect(await codeOf(done)).toBe('login_cancelled')
    await expect(fetch(redirectUri)).rejects.toThrow('fetch failed')
  })

  test('a fixed port, IPv6, and a port that is taken', async () => {
    await login(connect({ redirect: 'http://[::1]/callback' }), browse)
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    await expect(login(connect({ redirect: `http://127.0.0.1:${port}/callback` }), browse)).rejects.toThrow(`port ${port}`)
    other.close()
  })

  test('P17 PAR where the metadata requires it', async () => {
    await server.close()
    server = await startAuthorizationServer({ requirePushedAuthorization: true })
    await login(connect(), (progress) => {
      if (progress.type === 'open_browser') expect(new URL(progress.url).searchParams.get('request_uri')).toContain('urn:')
      return browse(progress)
    })
  })

  test('a confidential client proves itself', async () => {
    const { clientId, clientSecret } = server.basicClient
    const table = { client_id: clientId, client_authentication: 'client_secret_basic' } as const
    await expect(login(connect(table, clientSecret), browse)).resolves.toMatchObject({ identity: { subject: 'ada' } })
    expect(await codeOf(login(connect(table, 'wrong'), browse))).toBe('client_refused')
    expect(await codeOf(login(connect(table), browse))).toBe('client_refused')
  })
})

describe('device code', () => {
  const approve = (progress: LoginProgress): unknown =>
    progress.type === 'device_code' ? server.approveDevice(progress.verificationUriComplete ?? '') : undefined

  test('P10 the full page is told, and tokens come when the code has been entered', async () => {
    const seen: LoginProgress[] = []
    const response = await login(
      connect(),
      (progress) => {
        seen.push(progress)
        return approve(progress)
      },
      'device_code',
    )
    expect(seen[0]).toMatchObject({ type: 'device_code', verificationUri: `${server.issuer}/device`, expiresIn: 600 })
    expect(response).toMatchObject({ identity: { subject: 'ada' } })
  })

  test('P9 slow_down adds five seconds for good, a lost connection does not end it, a cancel does at once', async () => {
    const at: number[] = []
    let poll = 0
    server.intercept = (request, response) => {
      at.push(Date.now())
      poll += 1
      if (poll === 1) response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"slow_down"}')
      else if (poll === 2) request.socket.destroy()
      else return false
      return true
    }
    const cancel = new AbortController()
    const told: string[] = []
    const done = login(
      connect(),
      (progress) => {
        if (progress.type !== 'progress') return
        told.push(progress.text)
        cancel.abort()
      },
      'device_code',
      cancel.signal,
    )
    expect(await codeOf(done)).toBe('login_cancelled')
    expect(told).toEqual([expect.stringContaining('trying again')])
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(9_900)
  })
})

describe('client credentials', () => {
  test.each(['basicClient', 'postClient'] as const)('%s', async (which) => {
    const { clientId, clientSecret } = server[which]
    const table = {
      client_id: clientId,
      grant: 'client_credentials',
      scopes: ['read'],
      client_authentication: which === 'postClient' ? 'client_secret_post' : 'client_secret_basic',
    } as const
    const good = await connect(table, clientSecret).renewByGrant('client_credentials', {}, never)
    expect(good).toMatchObject({ kind: 'tokens', response: { scope: ['read'] } })
    expect(await connect(table, 'wrong').renewByGrant('client_credentials', {}, never)).toMatchObject({ kind: 'client_refused' })
    expect(await connect(table).renewByGrant('client_credentials', {}, never)).toMatchObject({
      kind: 'not_sent',
      failure: { code: 'client_refused' },
    })
  })
})

describe('refresh and revocation', () => {
  test('rotation, and what reuse is answered with', async () => {
    const port = connect()
    const first = await login(port, browse)
    if (first.refreshToken === undefined) throw new Error('no refresh token')
    const request = { refreshToken: first.refreshToken, target: {} }
    expect(await port.refresh(request, never)).toMatchObject({ kind: 'tokens' })
    expect(await port.refresh(request, never)).toMatchObject({
      kind: 'invalid_grant',
      failure: { details: { oauthError: 'invalid_grant' } },
    })
  })

  test('P12 a refreshed ID token for somebody else is told apart', async () => {
    const port = connect()
    const { refreshToken } = await login(port, browse)
    if (refreshToken === undefined) throw new Error('no refresh token')
    const identity = { issuer: server.issuer, subject: 'grace' }
    expect(await port.refresh({ refreshToken, target: {}, identity }, never)).toMatchObject({ kind: 'identity_changed' })
  })

  test('P13 a resource is asked for at the token endpoint', async () => {
    const port = connect({ resource: 'https://api.example' })
    const { refreshToken } = await login(port, browse)
    if (refreshToken === undefined) throw new Error('no refresh token')
    const outcome = await port.refresh({ refreshToken, target: { resource: 'https://api.example' } }, never)
    expect(outcome).toMatchObject({ kind: 'tokens' })
    expect(server.requests.at(-1)?.parameters.get('resource')).toBe('https://api.example')
    const payload = outcome.kind === 'tokens' ? outcome.response.accessToken.reveal().split('.')[1] : ''
    expect(JSON.parse(Buffer.from(payload ?? '', 'base64url').toString())).toMatchObject({ aud: 'https://api.example' })
  })

  test('P18 what was revoked is refused', async () => {
    const port = connect()
    const { refreshToken } = await login(port, browse)
    if (refreshToken === undefined) throw new Error('no refresh token')
    expect(await port.revoke(refreshToken, 'refresh_token', never)).toBe('revoked')
    expect(await port.refresh({ refreshToken, target: {} }, never)).toMatchObject({ kind: 'invalid_grant' })
  })
})

describe('discovery', () => {
  test('P3 the issuer is compared to the letter, and the error says what the server calls itself', async () => {
    const done = login(connect({ issuer: `${server.issuer}/` }), browse)
    await expect(done).rejects.toMatchObject({
      code: 'issuer_mismatch',
      message: expect.stringContaining(`'${server.issuer}'`) as string,
    })
  })

  test('the full URL of the document is taken as well', async () => {
    const port = connect({ issuer: `${server.issuer}/.well-known/openid-configuration` })
    await expect(login(port, browse)).resolves.toMatchObject({ identity: { subject: 'ada' } })
  })

  test('endpoints by hand: nothing is discovered', async () => {
    const { issuer } = server
    const port = connect({
      endpoints: {
        token: `${issuer}/token`,
        authorization: `${issuer}/auth`,
        jwks: `${issuer}/jwks`,
        device_authorization: `${issuer}/device/auth`,
      },
    })
    await expect(login(port, browse)).resolves.toMatchObject({ identity: { subject: 'ada' } })
  })
})
