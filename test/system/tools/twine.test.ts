// src/python/authsock_keyring.py in Python's own keyring: the real twine uploads with it, and its edges.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { clientPath, clients, runClient } from '../../support/clients.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { nativePrograms } from '../../support/programs.ts'
import { describeWith } from '../../support/real-part.ts'
import { type Registry, startRegistry, tokenOf } from '../../support/registry.ts'
import { makeWheel, serveWheel } from '../../support/wheel.ts'

const python = 'python/bin/python'
const backend = fileURLToPath(new URL('../../../src/python', import.meta.url))

describeWith(clients(python, 'python/bin/twine'), 'the backend for keyring', () => {
  let server: AuthorizationServer
  let home: Home
  let registry: Registry
  let wheel: string

  beforeAll(async () => {
    server = await startAuthorizationServer()
  })

  afterAll(() => server.close())

  beforeEach(async () => {
    home = new Home()
    wheel = makeWheel(clientPath(python), join(home.path, 'wheels'))
    registry = await startRegistry(home, (asked) => serveWheel(wheel, asked))
    home.config(`${workProfile(server)}\n[[route]]\nurl = "${registry.url}/upload"\nprofile = "work"\n`)
    const folder = join(home.path, 'config', 'python_keyring')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'keyringrc.cfg'), `[backend]\ndefault-keyring=authsock_keyring.Keyring\nkeyring-path=${backend}\n`)
  })

  afterEach(async () => {
    await home.close()
    await registry.close()
  })

  const environment = { PYTHONDONTWRITEBYTECODE: '1' }
  const upload = (env: NodeJS.ProcessEnv = {}) =>
    runClient(
      home,
      clientPath('python/bin/twine'),
      ['upload', '--non-interactive', '--disable-progress-bar', '--repository-url', `${registry.url}/upload/`, wheel],
      { env: { ...environment, ...env } },
    )
  const run = (code: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) =>
    runClient(home, clientPath(python), ['-c', `import sys, keyring\n${code}`, ...args], { env: { ...environment, ...env } })

  test('twine uploads with user name and token', async () => {
    expect((await logIn(home, server)).code).toBe(0)
    const { code, stdout } = await upload()
    expect([code, stdout]).toEqual([0, expect.stringContaining('Uploading demo_pkg-1.0')])
    expect(registry.asked).toMatchObject([
      { method: 'POST', path: '/upload/', username: 'oauth2', credential: await tokenOf(home), status: 200 },
    ])
    expect(registry.asked[0]?.body).toContain('demo_pkg-1.0-py3-none-any.whl')
  })

  test('twine is told what is missing, and sends nothing', async () => {
    const { code, stdout, stderr } = await upload()
    expect(code).not.toBe(0)
    expect(stdout + stderr).toMatch(/profile 'work' needs a login/)
    expect(registry.asked).toEqual([])
  })

  test('the program may lie where AUTHSOCK_CLIENT says; without any the backend says so', async () => {
    expect((await logIn(home, server)).code).toBe(0)
    const ask = 'print(keyring.get_password(sys.argv[1], "ada"))'
    const elsewhere = { PATH: '/usr/bin:/bin', AUTHSOCK_CLIENT: join(nativePrograms(), 'authsock-client') }
    const service = `${registry.url}/upload/`
    expect(await run(ask, [service], elsewhere)).toEqual({ code: 0, stdout: `${await tokenOf(home)}\n`, stderr: '' })
    const nowhere = await run(ask, [service], { PATH: '/usr/bin:/bin' })
    expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringContaining('authsock-client is not on the PATH')])
    const broken = await run(ask, [service], { AUTHSOCK_CLIENT: join(home.path, 'nothing') })
    expect([broken.code, broken.stderr]).toEqual([1, expect.stringContaining('cannot run')])
  })

  test('what no route covers it has not, and it asks no further', async () => {
    const asked = 'print(keyring.get_password("https://elsewhere.example.com/", "ada"), keyring.get_credential("x", None))'
    expect(await run(asked)).toEqual({ code: 0, stdout: 'None None\n', stderr: '' })
  })

  test.each([
    ['set_password("x", "y", "z")', 'PasswordSetError', 'authsock secret add'],
    ['delete_password("x", "y")', 'PasswordDeleteError', 'authsock secret remove'],
  ])('it stores nothing: %s', async (call, error, hint) => {
    const { code, stderr } = await run(`keyring.${call}`)
    expect([code, stderr]).toEqual([1, expect.stringContaining(`keyring.errors.${error}: `)])
    expect(stderr).toContain(hint)
  })
})
