// The real git, with git-credential-authsock as its only credential helper, against the real git http-backend.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { runClient } from '../../support/clients.ts'
import { gitEnv, runGit, startGitServer } from '../../support/git-server.ts'
import { type Finished, Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { hasCompiler, nativePrograms } from '../../support/programs.ts'
import { describeWith, isLinux, programs } from '../../support/real-part.ts'
import { type Registry, tokenOf } from '../../support/registry.ts'

describeWith({ ...programs('git'), 'a C compiler': hasCompiler(), Linux: isLinux }, 'git', () => {
  let server: AuthorizationServer
  let home: Home
  let remote: Registry

  beforeEach(() => {
    home = new Home()
  })

  afterEach(async () => {
    await home.close()
    await remote.close()
    await server.close()
  })

  const git = (args: readonly string[], stdin = ''): Promise<Finished> => runGit(home, args, { stdin })

  async function start(routed = '', accessTokenTtl = 3600): Promise<void> {
    server = await startAuthorizationServer({ accessTokenTtl })
    remote = await startGitServer(home, ['a.git'])
    home.config(workProfile(server, routed === '' ? '' : `[[route]]\nurl = "${remote.url}${routed}"\nprofile = "work"\n`))
  }

  const lsRemote = (path = '/a.git') => git(['ls-remote', remote.url + path])
  const secrets = async (): Promise<unknown> => (await home.http('GET', '/v1/secrets')).json()['secrets']
  const ok = { code: 0, stderr: '' }
  const listed = { ...ok, stdout: expect.stringMatching(/^[0-9a-f]{40}\tHEAD\n[0-9a-f]{40}\trefs\/heads\/main\n$/) as string }

  test('clone, push and fetch with the one line of configuration; what git says back of our token is not kept', async () => {
    await start('/')
    await logIn(home, server)
    const plain = (...args: readonly string[]): Promise<Finished> =>
      runClient(home, 'git', args, { env: { ...gitEnv(home), GIT_TRACE: join(home.path, 'trace') } })
    await plain('config', '--global', `credential.${remote.url}.helper`, 'authsock')
    await plain('config', '--global', 'user.email', 'ada@example.com')
    await plain('config', '--global', 'user.name', 'Ada')
    expect(await plain('clone', '-q', `${remote.url}/a.git`, 'one')).toMatchObject({ ...ok, stdout: '' })
    expect(await plain('clone', '-q', `${remote.url}/a.git`, 'two')).toMatchObject(ok)
    writeFileSync(join(home.path, 'one', 'about'), 'changed')
    expect(await plain('-C', 'one', 'commit', '-q', '-a', '-m', 'second')).toMatchObject(ok)
    expect(await plain('-C', 'one', 'push', '-q')).toMatchObject({ ...ok, stdout: '' })
    expect(await plain('-C', 'two', 'pull', '-q')).toMatchObject({ ...ok, stdout: '' })
    expect(readFileSync(join(home.path, 'two', 'about'), 'utf8')).toBe('changed')
    const token = await tokenOf(home)
    const served = remote.asked.filter(({ status }) => status === 200)
    expect(served.map(({ username, credential }) => [username, credential])).toEqual(served.map(() => ['oauth2', token]))
    expect(served.some(({ path }) => path.endsWith('/git-receive-pack'))).toBe(true)
    expect(readFileSync(join(home.path, 'trace'), 'utf8')).toMatch(/credential-authsock'? store/)
    expect(await secrets()).toEqual([])
    expect(server.refreshes).toBe(0)
  })

  test('two accounts on one host, by path', async () => {
    server = await startAuthorizationServer()
    const profileAt = (path: string): string => (path.startsWith('/team-b/') ? 'play' : 'work')
    remote = await startGitServer(home, ['team-a/x.git', 'team-b/y.git'], { profileAt })
    const routes = [
      ['/team-a', 'work'],
      ['/team-b/y', 'play'],
    ].map(([path, profile]) => `[[route]]\nurl = "${remote.url}${path}"\nprofile = "${profile}"\n`)
    home.config([workProfile(server), workProfile(server).replace('.work]', '.play]'), ...routes].join('\n'))
    await logIn(home, server)
    await logIn(home, server, ['play', '--no-browser'])
    const byPath = (path: string): Promise<Finished> => git(['-c', 'credential.useHttpPath=true', 'ls-remote', remote.url + path])
    expect(await byPath('/team-a/x.git')).toMatchObject(listed)
    expect(await byPath('/team-b/y.git')).toMatchObject(listed)
    const tokens = new Set(remote.asked.flatMap(({ status, credential }) => (status === 200 ? [credential] : [])))
    expect(tokens.size).toBe(2)
    // Of the host alone no route speaks: git is on its own.
    const without = await lsRemote('/team-a/x.git')
    expect([without.code, without.stderr]).toEqual([128, expect.stringContaining('could not read Username')])
  })

  test('50 at a time, across expiries: all are served, with few refreshes, and the session lives', async () => {
    await start('/', 10)
    await logIn(home, server)
    const startedAt = Date.now()
    const runs: Finished[] = []
    for (let wave = 0; wave < 2 || Date.now() - startedAt < 12_000; wave++) {
      runs.push(...(await Promise.all(Array.from({ length: 50 }, () => lsRemote()))))
    }
    const elapsed = (Date.now() - startedAt) / 1000
    expect(runs.filter(({ code, stderr }) => code !== 0 || stderr !== '')).toEqual([])
    expect(server.refreshes).toBeGreaterThan(0)
    expect(server.refreshes).toBeLessThanOrEqual(Math.ceil(elapsed / 5))
    expect(server.maxInFlight).toBe(1)
    expect(remote.asked.filter(({ status, credential }) => status === 401 && credential !== undefined)).toEqual([])
    expect((await home.http('GET', '/v1/sessions')).json()).toMatchObject({ sessions: [{ profile: 'work', state: 'active' }] })
  })

  test('a token that the server has revoked: git erases it, the next call has another, however many erase it', async () => {
    await start('/')
    await logIn(home, server)
    const before = await tokenOf(home)
    expect(await lsRemote()).toMatchObject(listed)
    remote.refuse(before)
    const first = await lsRemote()
    expect([first.code, first.stderr]).toEqual([128, expect.stringContaining('Authentication failed')])
    expect(await lsRemote()).toMatchObject(listed)
    expect(await tokenOf(home)).not.toBe(before)
    expect(server.refreshes).toBe(1)
    remote.refuse(await tokenOf(home))
    await Promise.all(Array.from({ length: 10 }, () => lsRemote()))
    expect(await lsRemote()).toMatchObject(listed)
    expect(server.refreshes).toBe(2)
  })

  test('a password for a host without a route: kept over a restart, given back, gone when git rejects it', async () => {
    await start('/elsewhere')
    const place = `protocol=http\nhost=${remote.host}\nusername=ada\n`
    const fill = (): Promise<Finished> => git(['credential', 'fill'], place)
    expect((await fill()).code).toBe(128)
    expect(await git(['credential', 'approve'], `${place}password=hunter two=2\n`)).toEqual({ ...ok, stdout: '' })
    expect(await fill()).toEqual({ ...ok, stdout: `${place}password=hunter two=2\n` })
    expect(await secrets()).toMatchObject([{ origin: 'tool', username: 'ada', url: remote.url }])
    expect((await git(['credential', 'fill'], place.replace('ada', 'eve'))).code).toBe(128)
    await home.run(['stop'])
    expect(await fill()).toEqual({ ...ok, stdout: `${place}password=hunter two=2\n` })
    remote.accept('hunter two=2')
    expect(await lsRemote()).toMatchObject(listed)
    expect(remote.asked.at(-1)).toMatchObject({ username: 'ada', credential: 'hunter two=2', status: 200 })
    expect(await git(['credential', 'reject'], `${place}password=another\n`)).toEqual({ ...ok, stdout: '' })
    expect((await fill()).code).toBe(0)
    expect(await git(['credential', 'reject'], `${place}password=hunter two=2\n`)).toEqual({ ...ok, stdout: '' })
    expect(await secrets()).toEqual([])
    expect((await fill()).code).toBe(128)
  })

  test('a password that the server refuses goes with the 401', async () => {
    await start('/elsewhere')
    await git(['credential', 'approve'], `protocol=http\nhost=${remote.host}\nusername=ada\npassword=old\n`)
    expect(await lsRemote()).toMatchObject({ code: 128 })
    expect(remote.asked.at(-1)).toMatchObject({ username: 'ada', credential: 'old', status: 401 })
    expect(await secrets()).toEqual([])
  })

  test('a profile named in the configuration; nothing is kept for it, whatever has become of the token', async () => {
    await start()
    await logIn(home, server)
    const configured = { ...gitEnv(home), PATH: `${nativePrograms()}:${process.env['PATH']}` }
    const named = (args: readonly string[], stdin = ''): Promise<Finished> =>
      runClient(home, 'git', ['-c', 'credential.helper=authsock work', ...args], { env: configured, stdin })
    expect(await named(['ls-remote', `${remote.url}/a.git`])).toMatchObject(listed)
    const place = `protocol=http\nhost=${remote.host}\n`
    const { stdout: filled } = await named(['credential', 'fill'], place)
    expect(filled).toBe(`${place}username=oauth2\npassword=${await tokenOf(home)}\n`)
    expect(await named(['credential', 'reject'], filled)).toMatchObject(ok)
    expect(await tokenOf(home)).not.toBe(/password=(.*)/.exec(filled)?.[1])
    await home.run(['stop'])
    expect(await named(['credential', 'approve'], filled)).toMatchObject(ok)
    expect(await secrets()).toEqual([])
  })

  test('our token, said back after the agent was restarted, is not kept', async () => {
    await start()
    await logIn(home, server)
    const token = await tokenOf(home)
    await home.run(['stop'])
    const place = `protocol=http\nhost=${remote.host}\nusername=oauth2\n`
    expect(await git(['credential', 'approve'], `${place}password=${token}\n`)).toMatchObject(ok)
    expect(await secrets()).toEqual([])
  })

  test('a login is needed and nobody is there: git says so and asks for no password', async () => {
    await start('/')
    const { code, stdout, stderr } = await lsRemote()
    expect([code, stdout]).toEqual([128, ''])
    expect(stderr).toMatch(/^authsock: profile 'work' needs a login[^\n]*\nhint: `authsock login work`/)
    expect(stderr).not.toMatch(/Username|Password|could not read/)
    expect(remote.asked.length).toBe(1)
  })
})
