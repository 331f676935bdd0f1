// A login as most users make it: a real browser, the server's own pages, the loopback callback and the page it ends on.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { chromiumPath, launchBrowser } from '../../support/browser.ts'
import { Home } from '../../support/home.ts'
import { workProfile } from '../../support/login.ts'
import { describeWith } from '../../support/real-part.ts'

/** Where pictures of the pages go, for a reader who wants to look at them. */
const pictures = process.env['AUTHSOCK_TEST_PICTURES'] ?? mkdtempSync(join(tmpdir(), 'authsock-pictures-'))

describeWith({ chromium: chromiumPath !== undefined }, 'in Chromium', () => {
  let browser: Browser
  let server: AuthorizationServer
  let home: Home

  beforeAll(async () => {
    browser = await launchBrowser()
    server = await startAuthorizationServer()
    home = new Home()
    // What is sent is in the address.
    home.config(workProfile(server, 'par = false\n'))
    await home.startAgent()
  })

  afterAll(async () => {
    await browser.close()
    await home.close()
    await server.close()
    if (process.env['AUTHSOCK_TEST_PICTURES'] === undefined) rmSync(pictures, { recursive: true })
  })

  /** Runs `authsock login work` and gives the browser's page to `act` with the address that was printed. */
  async function login(act: (page: Page, address: string) => Promise<void>, options: { dark?: boolean } = {}) {
    const context = await browser.newContext({
      colorScheme: options.dark === true ? 'dark' : 'light',
      viewport: { width: 900, height: 640 },
    })
    const page = await context.newPage()
    const errors: string[] = []
    // The lab's own pages ask for fonts from elsewhere: nothing leaves this machine.
    await context.route(
      (url) => url.hostname !== '127.0.0.1',
      (route) => route.abort(),
    )
    page.on('pageerror', (error) => errors.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error' && message.location().url.includes('/callback')) errors.push(message.text())
    })
    let acting: Promise<void> | undefined
    const finished = await home.run(['login', 'work', '--no-browser'], {
      onStderr: (text) => {
        const address = /https?:\S+\/auth\?\S+/.exec(text)?.[0]
        if (address !== undefined) acting ??= act(page, address)
      },
    })
    await acting
    await context.close()
    return {
      ...finished,
      errors: errors.filter((text) => !text.includes('favicon') && !text.includes('404') && !text.includes('400')),
    }
  }

  const agree = async (page: Page, address: string): Promise<void> => {
    await page.goto(address)
    await page.fill('input[name=login]', 'ada')
    await page.fill('input[name=password]', 'any')
    await page.click('button[type=submit]')
    await page.click('button[type=submit]')
    await page.waitForSelector('main')
  }

  test.each([false, true])('logs in and ends on a page that says so (dark: %s)', async (dark) => {
    let text = ''
    let background = ''
    const { code, errors } = await login(
      async (page, address) => {
        await agree(page, address)
        text = await page.innerText('main')
        background = await page.evaluate('getComputedStyle(document.body).backgroundColor')
        await page.screenshot({ path: join(pictures, `done-${dark ? 'dark' : 'light'}.png`) })
        await page.setViewportSize({ width: 360, height: 640 })
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
        await page.screenshot({ path: join(pictures, `done-narrow-${dark ? 'dark' : 'light'}.png`) })
      },
      { dark },
    )
    expect(code).toBe(0)
    expect(text).toContain('You are logged in')
    expect(text).toContain('close this window')
    expect(text).toContain('work')
    // The style is applied: the policy lets it through, and the scheme is the user's.
    expect(background).toBe(dark ? 'rgb(20, 24, 27)' : 'rgb(246, 245, 241)')
    expect(errors).toEqual([])
  })

  test('a user who declines sees why, and so does the terminal', async () => {
    let text = ''
    const { code, stderr } = await login(async (page, address) => {
      await page.goto(address)
      await page.click('text=Cancel')
      await page.waitForSelector('main')
      text = await page.innerText('main')
      await page.screenshot({ path: join(pictures, 'declined.png') })
    })
    expect(text).toContain('declined')
    expect(code).toBe(130)
    expect(stderr).toContain('access_denied')
  })

  test('P2 a stranger page that knows the port changes nothing', async () => {
    const { code } = await login(async (page, address) => {
      const redirect = new URL(address).searchParams.get('redirect_uri') ?? ''
      await page.goto(`${redirect}?code=1&state=2&error_description=<img src=x>`)
      expect(await page.innerText('h1')).toBe('This is not the login that is under way')
      await page.screenshot({ path: join(pictures, 'refused.png') })
      await agree(page, address)
    })
    expect(code).toBe(0)
  })
})
