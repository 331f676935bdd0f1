// The redirect URI of a login: its forms, what browsers do with it beside asking once, and who may not use it.

import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { request as httpsRequest } from 'node:https'
import type { X509Certificate } from 'node:crypto'
import { networkInterfaces } from 'node:os'
import type { TLSSocket } from 'node:tls'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ProfileTable } from '../../../src/config/profile-table.ts'
import type { Clock, LoginProgress, TokenResponse } from '../../../src/core/ports.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { callbackOf, failureOf, never, OddServer, sendJson } from '../../support/odd-server.ts'

let server: OddServer
let bodies: URLSearchParams[]

beforeEach(async () => {
  bodies = []
  server = await OddServer.start()
  server.discoverable()
  server.answers.set('/token', (request, response, body) => {
    bodies.push(new URLSearchParams(body))
    sendJson({ access_token: 'a', token_type: 'Bearer', refresh_token: 'r' })(request, response, body)
  })
})

afterEach(() => server.close())

const logIn = (
  onProgress: (progress: LoginProgress) => unknown,
  table: Partial<ProfileTable> = {},
  { signal = never, clock = systemClock }: { readonly signal?: AbortSignal; readonly clock?: Clock } = {},
): Promise<TokenResponse> =>
  server.connect({ scopes: ['read'], ...table }, { clock }).login({
    grant: 'authorization_code',
    signal,
    onProgress: (progress) => {
      if (progress.type === 'open_browser') return void onProgress(progress)
      return undefined
    },
  })

const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'))
const freePort = async (): Promise<number> => {
  const other = await OddServer.start()
  other.close()
  return Number(new URL(other.origin).port)
}

describe('N7 forms of the redirect URI', () => {
  test.each<[string, RegExp]>([
    ['http://127.0.0.1', /^http:\/\/127\.0\.0\.1:\d+$/],
    ['http://127.0.0.1/', /^http:\/\/127\.0\.0\.1:\d+\/$/],
    ['http://127.0.0.1/callback', /^http:\/\/127\.0\.0\.1:\d+\/callback$/],
    ['http://localhost', /^http:\/\/localhost:\d+$/],
    ['http://localhost/oauth/callback', /^http:\/\/localhost:\d+\/oauth\/callback$/],
    ...(hasIpv6 ? [['http://[::1]', /^http:\/\/\[::1\]:\d+$/] as [string, RegExp]] : []),
  ])('%s is sent as it is written, in both requests', async (redirect, form) => {
    let address = new URLSearchParams()
    await logIn(
      (progress) => {
        if (progress.type !== 'open_browser') return undefined
        address = new URL(progress.url).searchParams
        return fetch(callbackOf(progress))
      },
      { redirect },
    )
    expect(address.get('redirect_uri')).toMatch(form)
    expect(bodies[0]?.get('redirect_uri')).toBe(address.get('redirect_uri'))
  })

  test('with a port', async () => {
    const redirect = `http://127.0.0.1:${await freePort()}`
    await logIn((progress) => fetch(callbackOf(progress)), { redirect })
    expect(bodies[0]?.get('redirect_uri')).toBe(redirect)
  })

  test.runIf(hasIpv6)('localhost is answered on both loopback addresses, and by no other name', async () => {
    const cancel = new AbortController()
    const seen: number[] = []
    const done = logIn(
      async (progress) => {
        const { port } = callbackOf(progress)
        for (const host of ['127.0.0.1', '[::1]', 'localhost']) {
          seen.push((await fetch(`http://${host}:${port}/elsewhere`)).status)
        }
        cancel.abort()
      },
      { redirect: 'http://localhost/callback' },
      { signal: cancel.signal },
    )
    expect((await failureOf(done)).code).toBe('login_cancelled')
    // The first two have another Host than the redirect URI.
    expect(seen).toEqual([400, 400, 404])
  })

  test('https, by a certificate that is made for the login; the address can be pasted as well', async () => {
    const redirect = `https://localhost:${await freePort()}/callback`
    let certificate: X509Certificate | undefined
    await logIn(
      async (progress) => {
        const outgoing = httpsRequest(callbackOf(progress), { rejectUnauthorized: false }).end()
        const [response] = (await once(outgoing, 'response')) as [{ socket: TLSSocket; resume: () => void }]
        certificate = response.socket.getPeerX509Certificate()
        response.resume()
      },
      { redirect },
    )
    expect(bodies[0]?.get('redirect_uri')).toBe(redirect)
    await expect.poll(() => certificate !== undefined).toBe(true)
    expect(certificate?.checkHost('localhost')).toBe('localhost')
    expect(certificate?.checkIP('127.0.0.1')).toBe('127.0.0.1')
    expect(certificate?.verify(certificate.publicKey)).toBe(true)
    expect(new Date(certificate?.validTo ?? 0).getTime()).toBeGreaterThan(Date.now())
  })
})

test('N13 17 KB of cookies for other ports', async () => {
  const headers = { cookie: `session=${'x'.repeat(17 * 1024)}; more=${'y'.repeat(46 * 1024)}` }
  let page: Response | undefined
  await logIn(async (progress) => {
    page = await fetch(callbackOf(progress), { headers })
  })
  await expect.poll(() => page?.status).toBe(200)
})

test('N13 what is too large all the same is said at the terminal', async () => {
  const told: LoginProgress[] = []
  const cancel = new AbortController()
  const done = server.connect({ scopes: ['read'] }).login({
    grant: 'authorization_code',
    signal: cancel.signal,
    onProgress: (progress) => {
      told.push(progress)
      if (progress.type === 'progress') cancel.abort()
      else void fetch(callbackOf(progress), { headers: { cookie: 'x'.repeat(200 * 1024) } }).catch(() => {})
    },
  })
  expect((await failureOf(done)).code).toBe('login_cancelled')
  expect(told[1]).toMatchObject({ type: 'progress', text: expect.stringContaining('too many cookies') as string })
})

describe('N14 a browser that asks twice', () => {
  test('at once: both tabs are told how it ended, and the code is used once', async () => {
    const pages: string[] = []
    await logIn(async (progress) => {
      const url = callbackOf(progress)
      await Promise.all([1, 2, 3].map(async () => pages.push(await (await fetch(url)).text())))
    })
    await expect.poll(() => pages.length).toBe(3)
    for (const page of pages) expect(page).toContain('You are logged in')
    expect(bodies).toHaveLength(1)
  })

  test('ahead of the user: the page itself is what counts', async () => {
    const seen: number[] = []
    let page = ''
    await logIn(async (progress) => {
      const url = callbackOf(progress)
      for (const name of ['sec-purpose', 'purpose', 'x-moz'])
        seen.push((await fetch(url, { headers: { [name]: 'prefetch' } })).status)
      expect(bodies).toEqual([])
      page = await (await fetch(url)).text()
    })
    expect(seen).toEqual([503, 503, 503])
    await expect.poll(() => page).toContain('You are logged in')
  })

  test('after a login that failed: the same page', async () => {
    server.answers.set('/token', sendJson({ error: 'invalid_grant' }, 400))
    let url = new URL('http://x')
    const done = logIn((progress) => {
      url = callbackOf(progress)
      return fetch(url)
    })
    expect((await failureOf(done)).code).toBe('login_failed')
    const page = await fetch(url)
    expect([page.status, await page.text()]).toEqual([400, expect.stringContaining('The login did not work')])
  })

  test('the port of a login that is over is free for the next', async () => {
    const redirect = `http://127.0.0.1:${await freePort()}/callback`
    for (let round = 0; round < 3; round++) await logIn((progress) => fetch(callbackOf(progress)), { redirect })
    expect(bodies).toHaveLength(3)
  })
})

test('S9 connections that say nothing do not keep the browser out', async () => {
  const idle: Socket[] = []
  await logIn(async (progress) => {
    const url = callbackOf(progress)
    for (let count = 0; count < 66; count++) {
      const socket = connectTcp(Number(url.port), '127.0.0.1').on('error', () => {})
      await once(socket, 'connect')
      idle.push(socket)
    }
    await fetch(url)
  })
  for (const socket of idle) socket.destroy()
})

test('N16 N20 after half a minute the terminal is told what may be wrong, and which redirect URI to register', async () => {
  const told: LoginProgress[] = []
  const cancel = new AbortController()
  const delays: number[] = []
  const clock: Clock = {
    ...systemClock,
    after: (delay, callback) => {
      delays.push(delay)
      setImmediate(callback)
      return () => {}
    },
  }
  for (const redirect of ['http://127.0.0.1/callback', `http://127.0.0.1:${await freePort()}/cb`]) {
    const done = server.connect({ scopes: ['read'], redirect }, { clock }).login({
      grant: 'authorization_code',
      signal: cancel.signal,
      onProgress: (progress) => {
        told.push(progress)
        if (told.length === 4) cancel.abort()
      },
    })
    if (told.length < 4 && redirect.endsWith('/callback')) void done.catch(() => {})
    else await failureOf(done)
    await expect.poll(() => told.length).toBeGreaterThanOrEqual(redirect.endsWith('/cb') ? 4 : 2)
  }
  expect(delays).toEqual([30_000, 30_000])
  const texts = told.flatMap((progress) => (progress.type === 'progress' ? [progress.text] : []))
  expect(texts[0]).toMatch(/client 'c' exists and that its redirect URI is http:\/\/127\.0\.0\.1\/callback with any port/)
  expect(texts[1]).toMatch(/redirect URI is http:\/\/127\.0\.0\.1:\d+\/cb$/)
})
