// The real pip (before and after it learnt --mode=creds) and uv, with a private index and our `keyring` first on the PATH.

import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { clientPath, clients, runClient } from '../../support/clients.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { nativePrograms } from '../../support/programs.ts'
import { describeWith } from '../../support/real-part.ts'
import { type Registry, startRegistry, tokenOf } from '../../support/registry.ts'
import { makeWheel, serveWheel } from '../../support/wheel.ts'

const oldPip = 'python-old/bin/pip'
const newPip = 'python/bin/pip'
const uv = 'python/bin/uv'
const realKeyring = 'python-keyring/bin/keyring'

describeWith(clients(oldPip, newPip, uv, realKeyring), 'pip and uv', () => {
  let server: AuthorizationServer
  let home: Home
  let registry: Registry

  beforeAll(async () => {
    server = await startAuthorizationServer()
  })

  afterAll(() => server.close())

  beforeEach(async () => {
    home = new Home()
    const wheel = makeWheel(clientPath('python/bin/python'), join(home.path, 'wheels'))
    registry = await startRegistry(home, (asked) => serveWheel(wheel, asked))
  })

  afterEach(async () => {
    await home.close()
    await registry.close()
  })

  async function setUp(routes = `[[route]]\nurl = "${registry.url}/simple"\nprofile = "work"\n`): Promise<void> {
    // Files lie beside the index: pip asks the keyring for them by the URL of the index.
    home.config(`${workProfile(server)}\n${routes}`)
    expect((await logIn(home, server)).code).toBe(0)
  }

  const index = (user = ''): string => `${registry.url.replace('://', `://${user}`)}/simple/`
  const env = { PIP_CONFIG_FILE: '/dev/null', PIP_NO_INPUT: '1', PIP_DISABLE_PIP_VERSION_CHECK: '1' }
  const download = (pip: string, from: string, more: NodeJS.ProcessEnv = {}, path: readonly string[] = []) =>
    runClient(
      home,
      clientPath(pip),
      ['download', 'demo-pkg', '--no-deps', '--keyring-provider', 'subprocess', '--index-url', from, '--dest', 'got'],
      { env: { ...env, ...more }, afterPath: path },
    )
  const got = (): readonly string[] => (existsSync(join(home.path, 'got')) ? readdirSync(join(home.path, 'got')) : [])

  test('pip 23.2 gets the password of the user in the index URL', async () => {
    await setUp()
    const { code, stderr } = await download(oldPip, index('ada@'))
    expect([code, stderr, got()]).toEqual([0, '', ['demo_pkg-1.0-py3-none-any.whl']])
    const accepted = registry.asked.filter(({ status }) => status === 200)
    expect(accepted.map(({ path }) => path)).toEqual(['/simple/demo-pkg/', '/files/demo_pkg-1.0-py3-none-any.whl'])
    for (const each of accepted) expect(each).toMatchObject({ username: 'ada', credential: await tokenOf(home) })
  })

  test('pip 26.3 gets user name and password, and uses the same for the files', async () => {
    await setUp(`[[route]]\nurl = "${registry.url}/simple"\nprofile = "work"\nusername = "grace"\n`)
    const { code, stderr } = await download(newPip, index())
    expect([code, stderr, got()]).toEqual([0, '', ['demo_pkg-1.0-py3-none-any.whl']])
    expect(registry.asked.at(-1)).toMatchObject({ username: 'grace', credential: await tokenOf(home), status: 200 })
  })

  test.each([
    ['the user name in the index URL', 'ada@', 'ada'],
    ['no user name and `authenticate = "always"`', '', 'oauth2'],
  ])('uv with %s', async (_, user, username) => {
    await setUp()
    const config = join(home.path, 'uv.toml')
    writeFileSync(config, `[[index]]\nurl = "${index(user)}"\ndefault = true\n${user === '' ? 'authenticate = "always"\n' : ''}`)
    const where = ['--python', clientPath('python/bin/python'), '--target', 'got', '--config-file', config]
    const args = ['pip', 'install', 'demo-pkg', '--no-cache', '--keyring-provider', 'subprocess', ...where]
    const { code, stderr } = await runClient(home, clientPath(uv), args)
    expect([code, stderr]).toEqual([0, expect.stringContaining('demo-pkg==1.0')])
    expect(registry.asked.at(-1)).toMatchObject({ username, credential: await tokenOf(home), status: 200 })
    expect(got()).toContain('demo_pkg.py')
  })

  test('without a login no password is made up: pip is refused', async () => {
    home.config(`${workProfile(server)}\n[[route]]\nurl = "${registry.url}"\nprofile = "work"\n`)
    const { code } = await download(newPip, index())
    expect([code, got()]).toEqual([1, []])
    expect(new Set(registry.asked.map(({ credential }) => credential))).toEqual(new Set([undefined]))
  })

  test('what no route covers goes on to the real keyring, which stores, gives and deletes it', async () => {
    await setUp('')
    const real = {
      env: { PYTHON_KEYRING_BACKEND: 'keyrings.alt.file.PlaintextKeyring' },
      afterPath: [dirname(clientPath(realKeyring))],
    }
    const keyring = (args: readonly string[], stdin = '') => runClient(home, 'keyring', args, { ...real, stdin })
    const stored = await keyring(['set', `${registry.url}/simple/`, 'ada'], 'of the file\n')
    expect(stored).toMatchObject({ code: 0 })
    expect(await keyring(['get', `${registry.url}/simple/`, 'ada'])).toEqual({ code: 0, stdout: 'of the file\n', stderr: '' })
    registry.accept('of the file')
    expect(await download(newPip, index('ada@'), real.env, real.afterPath)).toMatchObject({ code: 0 })
    expect(registry.asked.at(-1)).toMatchObject({ username: 'ada', credential: 'of the file', status: 200 })
    expect(await keyring(['del', `${registry.url}/simple/`, 'ada'])).toMatchObject({ code: 0 })
    expect(await keyring(['get', `${registry.url}/simple/`, 'ada'])).toMatchObject({ code: 1, stdout: '' })
    expect(await keyring(['--no-such-option'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('usage: keyring') as string,
    })
  })

  test('and to none where there is none', async () => {
    await setUp('')
    for (const args of [['get', 'https://elsewhere.example.com/', 'ada'], ['set', 'x', 'y'], ['diagnose']]) {
      const { code, stdout } = await runClient(home, 'keyring', args, { env: { PATH: nativePrograms() } })
      expect([code, stdout]).toEqual([1, ''])
    }
    expect((await download(newPip, index(), { PATH: nativePrograms() })).code).toBe(1)
  })
})
