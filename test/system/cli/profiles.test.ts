// Profiles as their user changes them: set, default, edit, a mistyped login, a known provider; what a headless machine asks.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { describeWith, programs } from '../../support/real-part.ts'
import { Tmux } from '../../support/tmux.ts'

let server: AuthorizationServer
let home: Home

beforeAll(async () => {
  server = await startAuthorizationServer()
})

afterAll(() => server.close())

beforeEach(() => {
  home = new Home()
})

afterEach(() => home.close())

const config = (): string => readFileSync(home.configFile, 'utf8')

test('U12 which profile is meant: the argument, AUTHSOCK_PROFILE, the default, the only one', async () => {
  home.config(workProfile(server) + workProfile(server).replace('[profile.work]', '[profile.home]'))
  expect((await logIn(home, server, ['home', '--no-browser'])).code).toBe(0)
  const unnamed = await home.run(['token'])
  expect([unnamed.code, unnamed.stderr]).toEqual([2, expect.stringContaining('authsock profile default PROFILE')])
  expect((await home.run(['token'], { env: { AUTHSOCK_PROFILE: 'home' } })).code).toBe(0)
  expect((await home.run(['profile', 'default', 'home'])).code).toBe(0)
  expect((await home.run(['profile', 'default'])).stdout).toBe('home\n')
  expect((await home.run(['token'])).code).toBe(0)
  expect((await home.run(['share', 'create', 'box', '--scope', 'read'])).code).toBe(0)
  expect((await home.run(['share', 'show', 'box'])).stdout).toContain('home')
  expect((await home.run(['token'], { env: { AUTHSOCK_PROFILE: 'work' } })).stderr).toContain("'work'")
  expect((await home.run(['exec', '--', 'sh', '-c', 'echo $AUTHSOCK_PROFILE'])).stdout).toBe('home\n')
}, 60_000)

test('U13 a mistyped client id or issuer is typed again; options change the profile; set and unset', async () => {
  const login = ['login', server.issuer, '--name', 'work', '--no-browser', '--scope', 'openid offline_access read']
  const wrong = ['login', 'http://127.0.0.1:9', '--name', 'work', '--no-browser', '--client-id', 'wrong']
  expect((await home.run(wrong)).code).not.toBe(0)
  const again = await logIn(home, server, [...login.slice(1), '--client-id', server.clientId])
  expect([again.code, again.stderr]).toEqual([0, expect.stringContaining("changed profile 'work'")])
  expect(config()).not.toContain('wrong')
  // Now it has a session: it is not changed by a login to another issuer.
  const other = await home.run(wrong)
  expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('authsock profile set work')])
  const more = await logIn(home, server, ['work', '--no-browser', '--scope', 'openid offline_access read write'])
  expect([more.code, more.stderr]).toEqual([0, expect.stringContaining("changed profile 'work': --scope")])
  expect((await home.run(['token', 'work', '--scope', 'write'])).code).toBe(0)
  expect((await home.run(['profile', 'set', 'work', '--resource', 'https://api.example.com'])).code).toBe(0)
  expect(config()).toContain('resource = "https://api.example.com"')
  expect((await home.run(['profile', 'set', 'work', '--unset', 'resource'])).code).toBe(0)
  expect(config()).not.toContain('resource')
  expect((await home.run(['profile', 'set', 'work', '--unset', 'issuer'])).code).toBe(2)
  expect((await home.run(['profile', 'set', 'work'])).stderr).toContain('nothing to change')
}, 120_000)

test('U13 edit: the editor is started with the file, which is then checked', async () => {
  home.config(workProfile(server))
  const editor = `sh -c 'echo "colour = 1" >> "$1"' edit`
  const broken = await home.run(['profile', 'edit'], { env: { EDITOR: editor } })
  expect([broken.code, broken.stderr]).toEqual([2, expect.stringContaining("unknown key 'colour'")])
  home.config(workProfile(server))
  expect((await home.run(['profile', 'edit'], { env: { VISUAL: 'true', EDITOR: 'false' } })).stderr).toContain('is valid')
  expect((await home.run(['profile', 'edit'], { env: { VISUAL: 'false' } })).stderr).toContain("the editor 'false' ended with 1")
}, 60_000)

test.each(['github', 'google', 'microsoft', 'gitlab', 'atlassian'])(
  'U16 login %s says what to register and where',
  async (name) => {
    const { code, stderr } = await home.run(['login', name])
    expect([code, stderr]).toEqual([2, expect.stringMatching(/register .* at https:\/\/.*http:\/\/127\.0\.0\.1\/callback/)])
    expect(stderr).toContain(`authsock login ${name} --client-id ID`)
  },
)

test('U14 the account: login_hint and select_account reach the server, for this login alone', async () => {
  // Pushed, the parameters would not be in the URL.
  home.config(workProfile(server, 'par = false\n'))
  const addressOf = async (args: readonly string[]): Promise<URLSearchParams> => {
    const { stderr } = await logIn(home, server, ['work', '--no-browser', ...args])
    return new URL(/https?:\S+\/auth\?\S+/.exec(stderr)?.[0] ?? '').searchParams
  }
  const chosen = await addressOf(['--login-hint', 'ada@example.com', '--select-account'])
  expect([chosen.get('login_hint'), chosen.get('prompt')]).toEqual(['ada@example.com', expect.stringContaining('select_account')])
  expect((await addressOf([])).get('login_hint')).toBeNull()
}, 60_000)

test('U15 a logout of what was never logged in says so, and is not in the audit log', async () => {
  home.config(workProfile(server))
  const { code, stderr } = await home.run(['logout', 'work'])
  expect([code, stderr]).toEqual([0, "authsock: 'work' was not logged in\n"])
  expect((await home.run(['audit', '--event', 'logged_out'])).stdout).toBe('')
}, 60_000)

test('U11 status --exit-code says whether the user is needed', async () => {
  home.config(workProfile(server))
  expect((await home.run(['status', '--exit-code'])).code).toBe(3)
  expect((await home.run(['status'])).code).toBe(0)
  expect((await logIn(home, server)).code).toBe(0)
  expect((await home.run(['status', '--exit-code'])).code).toBe(0)
  await home.http('POST', '/v1/lock')
  expect((await home.run(['status', '--exit-code'])).code).toBe(4)
}, 60_000)

describeWith(programs('tmux'), 'a terminal', () => {
  test('U10 without a keychain the first command asks where the key is to be kept, and goes on; U11 a locked vault asks', async () => {
    const bare = new Home({ keyFile: false })
    const terminal = new Tmux(bare)
    try {
      terminal.type('secret add pat --url https://git.example.com')
      await terminal.see(/secret 'pat': /)
      terminal.send('the-secret')
      await terminal.see(/\[p\]assphrase, key \[f\]ile/)
      terminal.send('p')
      await terminal.see(/new passphrase: /)
      terminal.send('correct horse')
      await terminal.see(/repeat the passphrase: /)
      terminal.send('correct horse')
      await terminal.see(/added the static secret 'pat'[^]*rc=0/)
      await bare.run(['lock'])
      terminal.type('secret add third')
      await terminal.see(/passphrase: /)
      terminal.send('wrong')
      await terminal.see(/wrong passphrase/)
      terminal.send('correct horse')
      await terminal.see(/secret 'third': /)
      terminal.send('x')
      await terminal.see(/added the static secret 'third'[^]*rc=0/)
    } finally {
      terminal.close()
      await bare.close()
    }
  }, 120_000)

  test('U11 status --watch and events go on when the agent is restarted', async () => {
    home.config(workProfile(server))
    await home.run(['start'])
    const terminal = new Tmux(home)
    try {
      terminal.type('status --watch')
      await terminal.see(/logged out/)
      await home.run(['stop'])
      await terminal.see(/waiting for it to start again/)
      await home.run(['start'])
      await terminal.see(/logged out/)
      terminal.key('C-c')
      await terminal.see(/rc=/)
      terminal.type('events')
      await terminal.see(/watching the agent/)
      await home.run(['stop'])
      await terminal.see(/waiting for it to start again/)
      await home.run(['start'])
      await terminal.see(/watching[^]*watching/)
      await home.run(['lock'])
      await terminal.see(/locked/)
      terminal.key('C-c')
      await terminal.see(/rc=/)
    } finally {
      terminal.close()
    }
  }, 120_000)
})

test('U14 a browser of the profile is started with the URL as its last argument', async () => {
  const log = join(home.path, 'browser.log')
  home.config(workProfile(server, `browser = ["/bin/sh", "-c", 'echo "$@" > ${log}', "browser", "-P", "work"]\n`))
  const login = home.run(['login', 'work'])
  await expect
    .poll(() => {
      try {
        return readFileSync(log, 'utf8')
      } catch {
        return ''
      }
    })
    .toMatch(/^-P work http:\/\/127\.0\.0\.1:\d+\/auth\?/)
  const [, , address = ''] = readFileSync(log, 'utf8').trim().split(' ')
  await server.authorize(address).then((redirect) => fetch(redirect))
  expect((await login).code).toBe(0)
}, 60_000)

test('U8 a share or route with a scope, a resource or a URL that cannot be had is refused when it is created', async () => {
  home.config(workProfile(server))
  for (const [args, complaint] of [
    [['share', 'create', 'box', '--scope', 'read admin'], "does not allow 'admin'"],
    [['share', 'create', 'box', '--scope', 'read', '--resource', 'https://other.example.com'], 'does not name the resource'],
    [['route', 'add', 'https://git.example.com', '--scope', 'admin'], "does not allow 'admin'"],
    [['route', 'add', 'https://git.example.com', '--resource', 'https://other.example.com'], 'does not name the resource'],
    [['route', 'add', 'https://git.example.com', '--profile', 'nobody'], "no profile 'nobody'"],
    [['route', 'add', 'https:/git.example.com'], 'https:/git.example.com'],
  ] as const) {
    const { code, stderr } = await home.run([...args])
    expect([args.join(' '), code === 0, stderr]).toEqual([args.join(' '), false, expect.stringContaining(complaint)])
  }
  expect(config()).toBe(workProfile(server))
}, 60_000)
