// A share's TCP port and pages of a real browser: from another origin, by a name that leads here (DNS rebinding), and opened by the
// user himself. The pages are given the secret, which no page has: even so they get nothing.

import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { chromiumPath, launchBrowser } from '../../support/browser.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { describeWith } from '../../support/real-part.ts'
import { exchange, makeTcpShare, type TcpShare } from '../../support/shares.ts'

describeWith({ chromium: chromiumPath !== undefined }, 'pages in Chromium', () => {
  let browser: Browser
  let context: BrowserContext
  let server: AuthorizationServer
  let elsewhere: Server
  let origin: string
  let home: Home
  let share: TcpShare

  beforeAll(async () => {
    browser = await launchBrowser('--host-resolver-rules=MAP evil.example 127.0.0.1, MAP host.docker.internal 127.0.0.1')
    server = await startAuthorizationServer()
    elsewhere = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<!doctype html><body>'))
    elsewhere.listen(0, '127.0.0.1')
    await once(elsewhere, 'listening')
    origin = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`
  })

  afterAll(async () => {
    await browser.close()
    elsewhere.close()
    await server.close()
  })

  beforeEach(async () => {
    home = new Home()
    home.config(workProfile(server))
    expect((await logIn(home, server)).code).toBe(0)
    share = await makeTcpShare(home, 'devbox')
    context = await browser.newContext()
  })

  afterEach(async () => {
    // Nothing was given out, whatever the page saw of it; and a program still gets what it asks for.
    const lines = (): readonly string[] =>
      readFileSync(join(home.path, 'state', 'authsock', 'audit.log'), 'utf8')
        .trim()
        .split('\n')
    await expect.poll(() => lines().some((line) => line.includes('"refused"') && line.includes('peer_denied'))).toBe(true)
    expect(lines().filter((line) => line.includes('"issued"'))).toEqual([])
    const { port, secret } = share
    const asked = `GET /v1/token HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${secret}\r\nConnection: close\r\n\r\n`
    expect(await exchange(port, asked)).toContain('access_token')
    await context.close()
    await home.close()
  })

  const ways = {
    'fetch, no-cors': `fetch(url, { mode: 'no-cors' }).then(async (r) => r.type + ':' + await r.text())`,
    'fetch, no-cors, a form': `fetch(url, { mode: 'no-cors', method: 'POST', body: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } }).then(async (r) => r.type + ':' + await r.text())`,
    'fetch, cors': `fetch(url).then((r) => r.text())`,
    'fetch with the secret, which asks first': `fetch(url, { headers: { authorization: 'Bearer ' + secret } }).then((r) => r.text())`,
    'fetch with credentials': `fetch(url.replace('//', '//a:' + secret + '@'), { mode: 'no-cors' }).then((r) => r.text())`,
    XMLHttpRequest: `new Promise((resolve, reject) => { const x = new XMLHttpRequest(); x.open('GET', url); x.setRequestHeader('authorization', 'Bearer ' + secret); x.onload = () => resolve(x.responseText); x.onerror = () => reject(new Error('refused')); x.send() })`,
    WebSocket: `new Promise((resolve, reject) => { const w = new WebSocket(url.replace('http', 'ws')); w.onopen = () => resolve('open'); w.onmessage = (m) => resolve(m.data); w.onerror = () => reject(new Error('refused')) })`,
    EventSource: `new Promise((resolve, reject) => { const e = new EventSource(url); e.onmessage = (m) => resolve(m.data); e.onerror = () => reject(new Error('refused')) })`,
    script: `new Promise((resolve, reject) => { const s = document.createElement('script'); s.src = url; s.onload = () => resolve('loaded'); s.onerror = () => reject(new Error('refused')); document.body.append(s) })`,
    image: `new Promise((resolve, reject) => { const i = new Image(); i.src = url; i.onload = () => resolve('loaded'); i.onerror = () => reject(new Error('refused')) })`,
  }

  const attempt = (way: string, url: string): string =>
    `((url, secret) => ${way}.then((text) => 'got ' + text, (error) => 'failed'))(${JSON.stringify(url)}, ${JSON.stringify(share.secret)})`

  test('L3 of another origin: whatever a page can send, it reads nothing', async () => {
    const page = await context.newPage()
    await page.goto(origin)
    const seen: Record<string, unknown> = {}
    for (const [name, way] of Object.entries(ways)) seen[name] = await page.evaluate(attempt(way, `${share.url}/v1/token`))
    const opaque = 'got opaque:'
    const failed = Object.fromEntries(Object.keys(ways).map((name) => [name, 'failed']))
    expect(seen).toEqual({ ...failed, 'fetch, no-cors': opaque, 'fetch, no-cors, a form': opaque })
  })

  test('L3 a form, a frame and a window of another origin show a refusal', async () => {
    const page = await context.newPage()
    await page.goto(origin)
    for (const method of ['get', 'post']) {
      const answered = page.waitForResponse((response) => response.url().startsWith(share.url))
      await page.evaluate(
        `document.body.innerHTML = '<iframe name="f"></iframe><form target="f" method="${method}" action="${share.url}/v1/token"><input name="profile" value="work"></form>'; document.forms[0].submit()`,
      )
      const response = await answered
      expect([method, response.status(), response.headers()['access-control-allow-origin']]).toEqual([method, 403, undefined])
      expect(await response.text()).toContain('it comes from a browser or through a proxy')
    }
  })

  test.each(['evil.example', 'host.docker.internal', '127.0.0.1'])(
    'L3 of its own origin, as %s: neither the page nor what it fetches with the secret',
    async (host) => {
      const page = await context.newPage()
      const shown = await page.goto(`http://${host}:${share.port}/v1/token`)
      expect([shown?.status(), await shown?.text()]).toEqual([
        host === 'host.docker.internal' ? 401 : 403,
        expect.not.stringContaining('access_token'),
      ])
      const fetched = await page.evaluate(
        `fetch('/v1/token', { headers: { authorization: ${JSON.stringify(`Bearer ${share.secret}`)} } }).then(async (r) => [r.status, await r.text()])`,
      )
      expect(fetched).toEqual([403, expect.stringContaining('peer_denied')])
    },
    300_000,
  )
})
