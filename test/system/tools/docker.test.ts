// The real skopeo, podman and docker, with docker-credential-authsock as their credential helper, against an OCI registry that
// takes a token as a Basic password.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { clientPath, runClient } from '../../support/clients.ts'
import { type Finished, Home } from '../../support/home.ts'
import { imageStore, makeImage } from '../../support/images.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { hasCompiler } from '../../support/programs.ts'
import { describeWith, findProgram, isLinux, programs } from '../../support/real-part.ts'
import { type Registry, startRegistry, tokenOf } from '../../support/registry.ts'

const parts = { 'a C compiler': hasCompiler(), Linux: isLinux }
const ok = { code: 0, stderr: '' }
const password = 'hunter two'

let server: AuthorizationServer
let home: Home
/** A route leads to `work`. */
let routed: Registry
/** Takes the password of ada. */
let other: Registry
/** Takes everybody, too. */
let open: Registry
let manifest: string
let dockerConfig: string

beforeEach(async () => {
  home = new Home()
  server = await startAuthorizationServer()
  routed = await startRegistry(home, imageStore())
  other = await startRegistry(home, imageStore())
  other.accept(password)
  open = await startRegistry(home, imageStore(), { isOpen: () => true })
  home.config(workProfile(server, `[[route]]\nurl = "${routed.host}"\nprofile = "work"\n`))
  manifest = makeImage(join(home.path, 'image'))
  dockerConfig = join(home.path, '.docker')
  mkdirSync(dockerConfig)
  writeFileSync(join(dockerConfig, 'config.json'), JSON.stringify({ credsStore: 'authsock' }))
  const credHelpers = Object.fromEntries([routed, other, open].map(({ host }) => [host, 'authsock']))
  writeFileSync(join(home.path, 'auth.json'), JSON.stringify({ credHelpers }))
})

afterEach(async () => {
  await home.close()
  for (const registry of [routed, other, open]) await registry.close()
  await server.close()
})

interface How {
  readonly stdin?: string
  readonly env?: NodeJS.ProcessEnv
}

const run = (program: string, args: readonly string[], { stdin = '', env }: How = {}): Promise<Finished> =>
  runClient(home, program, args, { env: env ?? { REGISTRY_AUTH_FILE: join(home.path, 'auth.json') }, stdin })

const skopeo = (args: readonly string[], how?: How): Promise<Finished> => run('skopeo', ['--insecure-policy', ...args], how)
const image = ({ host }: Registry): string => `${host}/team/app:1`
const push = (to: Registry, how?: How): Promise<Finished> =>
  skopeo(['copy', '-q', '--dest-tls-verify=false', `dir:${home.path}/image`, `docker://${image(to)}`], how)
const inspect = (from: Registry, how?: How): Promise<Finished> =>
  skopeo(['inspect', '--raw', '--tls-verify=false', `docker://${image(from)}`], how)
const secrets = async (): Promise<unknown> => (await home.http('GET', '/v1/secrets')).json()['secrets']

describeWith({ ...parts, ...programs('skopeo') }, 'skopeo', () => {
  test('pushes an image and gets it back; every request has the token', async () => {
    await logIn(home, server)
    const token = await tokenOf(home)
    expect(await push(routed)).toEqual({ ...ok, stdout: '' })
    const back = join(home.path, 'back')
    const pull = ['copy', '-q', '--src-tls-verify=false', `docker://${image(routed)}`, `dir:${back}`]
    expect(await skopeo(pull)).toEqual({ ...ok, stdout: '' })
    expect(readFileSync(join(back, 'manifest.json'), 'utf8')).toBe(manifest)
    const said = routed.asked.filter(({ status }) => status !== 401)
    expect(said.length).toBeGreaterThan(8)
    expect(said.map(({ scheme, username, credential }) => [scheme, username, credential])).toEqual(
      said.map(() => ['basic', 'oauth2', token]),
    )
  })

  test('with the helper for every registry; of one that nobody knows it hears so, and goes on without', async () => {
    await logIn(home, server)
    const folder = join(home.path, '.config', 'containers')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'registries.conf'), 'credential-helpers = ["authsock"]\n')
    const env = { REGISTRY_AUTH_FILE: join(home.path, 'none.json') }
    expect(await push(routed, { env })).toMatchObject(ok)
    expect(await push(open, { env })).toMatchObject(ok)
    expect(open.asked.some(({ credential }) => credential !== undefined)).toBe(false)
    expect(await inspect(other, { env })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/authentication required|unauthorized/) as string,
    })
  })

  test('what it hears, word for word', async () => {
    const get = (key: string): Promise<Finished> => run('docker-credential-authsock', ['get'], { stdin: key })
    expect(await get(other.host)).toEqual({ code: 1, stdout: 'credentials not found in native keychain\n', stderr: '' })
    const missing = "authsock: profile 'work' needs a login"
    expect(await get(routed.host)).toEqual({ code: 1, stdout: expect.stringContaining(missing) as string, stderr: '' })
    expect(await inspect(routed)).toMatchObject({ code: 1, stderr: expect.stringContaining(missing) as string })
    expect(routed.asked.every(({ credential }) => credential === undefined)).toBe(true)
    await logIn(home, server)
    const answer = JSON.parse((await get(`${routed.host}\n`)).stdout) as unknown
    expect(answer).toEqual({ ServerURL: routed.host, Username: 'oauth2', Secret: await tokenOf(home) })
    const list = await run('docker-credential-authsock', ['list'], { stdin: 'unused' })
    expect(list).toEqual({ ...ok, stdout: `{"${routed.host}":"oauth2"}\n` })
  })
})

/** Login and logout are alike in all of them. */
describeWith({ ...parts, ...programs('skopeo', 'podman') }, 'skopeo login and podman login', () => {
  test.each(['skopeo', 'podman'])(
    '%s: a password is kept, found after a restart, and gone after the logout',
    async (program) => {
      const login = ['login', '--tls-verify=false', '-u', 'ada', '--password-stdin', other.host]
      expect(await run(program, login, { stdin: password })).toMatchObject({ ...ok, stdout: 'Login Succeeded!\n' })
      expect(await secrets()).toMatchObject([{ origin: 'tool', url: other.host, username: 'ada' }])
      expect(readFileSync(join(home.path, 'auth.json'), 'utf8')).not.toContain(Buffer.from(`ada:${password}`).toString('base64'))
      await home.run(['stop'])
      expect(await run(program, ['login', '--get-login', other.host])).toEqual({ ...ok, stdout: 'ada\n' })
      expect(await push(other)).toMatchObject(ok)
      expect(other.asked.at(-1)).toMatchObject({ username: 'ada', credential: password, status: 201 })
      expect(await run(program, ['logout', other.host])).toMatchObject(ok)
      expect(await secrets()).toEqual([])
      expect((await inspect(other)).code).toBe(1)
    },
    300_000,
  )

  test.each(['skopeo', 'podman'])(
    '%s: at a routed registry it is logged in; a logout there ends no session',
    async (program) => {
      await logIn(home, server)
      const token = await tokenOf(home)
      const login = ['login', '--tls-verify=false', routed.host]
      expect(await run(program, login)).toMatchObject({ ...ok, stdout: expect.stringContaining('Already logged in') as string })
      const again = await run(program, ['login', '--tls-verify=false', '-u', 'oauth2', '--password-stdin', routed.host], {
        stdin: token,
      })
      expect(again).toMatchObject({ ...ok, stdout: 'Login Succeeded!\n' })
      expect(await secrets()).toEqual([])
      expect(await run(program, ['logout', routed.host])).toMatchObject(ok)
      expect(await push(routed)).toMatchObject(ok)
    },
    300_000,
  )
})

const docker = findProgram('docker') ?? clientPath('debian/bin/docker')

describeWith({ ...parts, ...programs('skopeo'), docker: existsSync(docker) }, 'docker', () => {
  // Without an engine it says on stderr that https was tried first.
  const dockerRun = (args: readonly string[], stdin = ''): Promise<Finished> =>
    run(docker, args, { stdin, env: { DOCKER_CONFIG: dockerConfig, DOCKER_HOST: `unix://${home.path}/no-engine` } })

  test('reads a manifest with the token', async () => {
    await logIn(home, server)
    await push(routed)
    const { code, stdout } = await dockerRun(['manifest', 'inspect', '--insecure', image(routed)])
    expect([code, JSON.parse(stdout)]).toEqual([0, JSON.parse(manifest)])
    expect(routed.asked.at(-1)).toMatchObject({ credential: await tokenOf(home), status: 200 })
  })

  test('login keeps a password, logout removes it', async () => {
    const login = await dockerRun(['login', '-u', 'ada', '--password-stdin', other.host], password)
    expect(login).toMatchObject({ code: 0, stdout: 'Login Succeeded\n' })
    expect(login.stderr).not.toContain('unencrypted')
    expect(await secrets()).toMatchObject([{ origin: 'tool', url: other.host, username: 'ada' }])
    expect(readFileSync(join(dockerConfig, 'config.json'), 'utf8')).not.toContain(
      Buffer.from(`ada:${password}`).toString('base64'),
    )
    expect(await push(other)).toMatchObject(ok)
    expect(await dockerRun(['logout', other.host])).toMatchObject(ok)
    expect(await secrets()).toEqual([])
  })

  test('login with our own token keeps nothing, logout ends no session', async () => {
    await logIn(home, server)
    const { stdout: printed } = await home.run(['token', 'work'])
    const elsewhere = await dockerRun(['login', '-u', 'oauth2', '--password-stdin', other.host], printed)
    expect(elsewhere).toMatchObject({ code: 0, stdout: 'Login Succeeded\n' })
    expect(await secrets()).toEqual([])
    const login = await dockerRun(['login', '-u', 'oauth2', '--password-stdin', routed.host], await tokenOf(home))
    expect(login).toMatchObject({ code: 0, stdout: 'Login Succeeded\n' })
    expect(await secrets()).toEqual([])
    expect(await dockerRun(['logout', routed.host])).toMatchObject(ok)
    expect(await push(routed)).toMatchObject(ok)
  })
})
