// A tool that needs a login in the middle of its work: one login for all who wait, in the terminal that the user sits at; an
// error at once where nobody does.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home } from '../../support/home.ts'
import { workProfile } from '../../support/login.ts'
import { nativePrograms, twinPrograms } from '../../support/programs.ts'
import { describeWith, programs } from '../../support/real-part.ts'
import { Tmux } from '../../support/tmux.ts'

let server: AuthorizationServer
let home: Home
let terminals: Tmux[]

beforeAll(async () => {
  server = await startAuthorizationServer()
})

afterAll(() => server.close())

describeWith(programs('tmux'), 'in a terminal', () => {
  const opened = (): string => join(home.path, 'opened')
  const addresses = (): readonly string[] => (existsSync(opened()) ? readFileSync(opened(), 'utf8').trim().split('\n') : [])

  beforeEach(() => {
    terminals = []
    home = new Home()
    const browser = join(home.path, 'browser.sh')
    writeFileSync(browser, `#!/bin/sh\nprintf '%s\\n' "$1" >> ${opened()}\n`, { mode: 0o755 })
    home.env['BROWSER'] = browser
    home.config(`${workProfile(server)}\n[[route]]\nurl = "https://git.example.com"\nprofile = "work"\n`)
    writeFileSync(join(home.path, 'asked'), 'protocol=https\nhost=git.example.com\n\n')
  })

  afterEach(async () => {
    for (const terminal of terminals) terminal.close()
    await home.close()
  })

  /** As git would: stdin and stdout are pipes, and stderr is kept too. */
  function ask(folder: string, name: string, prefix = ''): Tmux {
    const terminal = new Tmux(home)
    terminals.push(terminal)
    const at = (suffix: string): string => join(home.path, `${name}.${suffix}`)
    terminal.send(
      `cat ${join(home.path, 'asked')} | ${prefix} ${join(folder, 'git-credential-authsock')} get > ${at('out')} 2> ${at('err')}; echo $? > ${at('code')}`,
    )
    return terminal
  }

  const read = (name: string): string | undefined => {
    const path = join(home.path, name)
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined
  }

  test.each([
    ['native', nativePrograms],
    ['twin', twinPrograms],
  ])(
    '%s: the browser is opened once for five who wait, and nothing of it is on stderr',
    async (_, folder) => {
      const first = ask(folder(), 'run0')
      await first.see(/Opened the browser/)
      for (let index = 1; index < 5; index++) ask(folder(), `run${index}`)
      await expect.poll(addresses).toHaveLength(1)
      await terminals[4]?.see(/waiting for another login to 'work' that is in progress/)
      await fetch(await server.authorize(addresses()[0] ?? ''))
      for (let index = 0; index < 5; index++) {
        await expect.poll(() => read(`run${index}.code`)).toBe('0\n')
        expect(read(`run${index}.out`)).toMatch(/^username=oauth2\npassword=\S+\npassword_expiry_utc=\d+\n$/)
        expect(read(`run${index}.err`)).toBe('')
      }
      expect(addresses()).toHaveLength(1)
    },
    300_000,
  )

  test.each([
    ['native', nativePrograms],
    ['twin', twinPrograms],
  ])(
    '%s: Ctrl-C ends it at once, and the login with it',
    async (_, folder) => {
      const terminal = ask(folder(), 'cancelled')
      await terminal.see(/Opened the browser/)
      terminal.key('C-c')
      await expect.poll(async () => (await home.http('GET', '/v1/sessions/work')).json()['state']).toBe('logged_out')
      terminal.send('echo back')
      await terminal.see(/^(# )?back/m)
      await pause(1000)
      expect(await terminal.see(/^(# )?back/m)).not.toContain('the login was cancelled')
      expect(read('cancelled.out') ?? '').not.toContain('password=')
    },
    300_000,
  )

  test.each([
    ['GIT_TERMINAL_PROMPT=0', 'GIT_TERMINAL_PROMPT=0', ''],
    ['a job of CI', 'CI=1', ''],
    ['no terminal', 'setsid -w', ''],
    ['a setting', '', 'interactive_login = false\n'],
  ])(
    '%s: an error at once, no browser, no password prompt',
    async (_, prefix, setting) => {
      home.config(setting + readFileSync(home.configFile, 'utf8'))
      ask(nativePrograms(), 'batch', prefix)
      await expect.poll(() => read('batch.code')).toBe('3\n')
      expect(read('batch.out')).toBe('quit=1\n')
      expect(read('batch.err')).toBe("authsock: profile 'work' needs a login: no login yet\nhint: `authsock login work`\n")
      expect(addresses()).toEqual([])
    },
    300_000,
  )
})
