// Notifications with a real daemon on a real session bus: dunst prints what it was sent.

import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Desktop, desktopPrograms, onlyPrograms } from '../../support/desktop.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { describeWith, programs } from '../../support/real-part.ts'

describeWith(programs(...desktopPrograms, 'dunst', 'notify-send'), 'dunst', () => {
  let server: AuthorizationServer
  let home: Home
  let desktop: Desktop
  let shown = ''

  beforeEach(async () => {
    server = await startAuthorizationServer({ accessTokenTtl: 2 })
    home = new Home()
    desktop = await Desktop.start(home.path)
    shown = ''
    desktop.spawn('dunst', ['-print', '-conf', '/dev/null']).stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString()
    })
    home.env['PATH'] = onlyPrograms(home.path, 'notify-send')
    Object.assign(home.env, desktop.env)
  })

  afterEach(async () => {
    await home.close()
    await desktop.close()
    await server.close()
  })

  /** Titles and texts of what has come. */
  const notes = (): readonly (readonly [title: string | undefined, text: string | undefined])[] =>
    shown
      .split(/^\{/m)
      .slice(1)
      .map((each) => [/^\s*summary: '(.*)'$/m.exec(each)?.[1], /^\s*body: '(.*)'$/m.exec(each)?.[1]] as const)

  const needed = ["authsock: a login to 'work' is needed", expect.stringContaining('authsock login work')]

  test('a login is needed: once, also after a restart; and again when another has ended', async () => {
    home.config(workProfile(server, 'refresh = "on_demand"'))
    expect((await logIn(home, server)).code).toBe(0)
    await server.revokeAll()
    await pause(2_300)
    for (let times = 0; times < 3; times++) expect((await home.run(['token', 'work'])).code).toBe(3)
    await expect.poll(notes).toEqual([needed])
    expect((await home.run(['stop'])).code).toBe(0)
    expect((await home.run(['token', 'work'])).code).toBe(3)
    await pause(1_000)
    expect(notes()).toEqual([needed])
    expect((await logIn(home, server)).code).toBe(0)
    await server.revokeAll()
    await pause(2_300)
    expect((await home.run(['token', 'work'])).code).toBe(3)
    await expect.poll(notes).toEqual([needed, needed])
  })

  test('a login that ends soon, as its server says: once', async () => {
    const brief = await startAuthorizationServer({ accessTokenTtl: 24, refreshTokens: false })
    try {
      // No refresh token: the access token is all that there is.
      home.config(workProfile(brief))
      expect((await logIn(home, brief)).code).toBe(0)
      await expect
        .poll(notes)
        .toEqual([["authsock: the login to 'work' ends soon", expect.stringMatching(/^it ends in \d s: authsock login work$/)]])
    } finally {
      await brief.close()
    }
  })

  test('somebody waits, and no window can be shown: how to answer; what callers say is no markup', async () => {
    home.config(workProfile(server))
    expect((await logIn(home, server)).code).toBe(0)
    home.config(`${workProfile(server)}\n[[rule]]\ndecision = "ask"\n`)
    await pause(1_100)
    const asked = home.http('GET', `/v1/token?profile=work&audience=${encodeURIComponent('<b>x</b>\\n\n&amp;')}`)
    await expect.poll(notes).toHaveLength(1)
    const [[title, text = ''] = []] = notes()
    expect(title).toBe('authsock: your word is wanted')
    // As the daemon has it, which shows entities as what they stand for.
    expect(text).toContain('&lt;b&gt;x&lt;/b&gt;\ufffdn\ufffd&amp;amp;')
    const id = /authsock approve ([0-9a-f]{8})$/.exec(text)?.[1] ?? ''
    expect((await home.run(['approve', id, '--deny'])).code).toBe(0)
    expect((await asked).status).toBe(403)
  })
})
