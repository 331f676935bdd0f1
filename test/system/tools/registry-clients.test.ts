// More clients of OCI registries with docker-credential-authsock: docker-py, crane, oras, jib and buildah, each against a registry that takes a
// token as a Basic password.

import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { clientPath, runClient } from '../../support/clients.ts'
import { type Finished, Home } from '../../support/home.ts'
import { imageStore, makeImage } from '../../support/images.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { hasCompiler } from '../../support/programs.ts'
import { describeWith, isLinux, programs } from '../../support/real-part.ts'
import { type Registry, startRegistry, tokenOf } from '../../support/registry.ts'

const parts = { 'a C compiler': hasCompiler(), Linux: isLinux }
const installed = (path: string) => ({ [`${path} of install-registry-clients.sh`]: existsSync(clientPath(`registry/${path}`)) })

let server: AuthorizationServer
let home: Home
let registry: Registry

/** Profiles and routes besides those of `work`, and rules. */
const more = `
[profile.away]
issuer = "https://login.example.com"
client_id = "away"

[[route]]
url = "away.example.com"
profile = "away"

[[route]]
url = "asked.example.com"
secret = "asked"

[[route]]
url = "docker.io"
secret = "hub"

[[route]]
url = "gone.example.com"
secret = "not-there"

[[rule]]
decision = "ask"
secret = "asked"
`

beforeEach(async () => {
  home = new Home()
  server = await startAuthorizationServer()
  registry = await startRegistry(home, imageStore())
  home.config(workProfile(server, `[[route]]\nurl = "${registry.host}"\nprofile = "work"\n${more}`))
  expect(await logIn(home, server)).toMatchObject({ code: 0 })
  for (const [name, ...args] of [['asked'], ['hub', '--username', 'ada']]) {
    const added = await home.run(['secret', 'add', name ?? '', ...args, '--stdin'], { stdin: `value of ${name}\n` })
    expect([name, added.code, added.stderr]).toEqual([name, 0, expect.any(String)])
  }
  const expired = { value: 'x', url: 'old.example.com', expires_at: 86_400 }
  expect((await home.http('PUT', '/v1/secrets/old', { body: expired })).status).toBe(204)
  mkdirSync(join(home.path, '.docker'))
  writeFileSync(join(home.path, '.docker', 'config.json'), JSON.stringify({ credsStore: 'authsock' }))
})

afterEach(async () => {
  await home.close()
  await registry.close()
  await server.close()
})

const run = (program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}, stdin = ''): Promise<Finished> =>
  runClient(home, program, args, { env: { DOCKER_CONFIG: join(home.path, '.docker'), ...env }, stdin })
const helper = (operation: string, stdin: string): Promise<Finished> => run('docker-credential-authsock', [operation], {}, stdin)
const python = (script: string): Promise<Finished> => run(clientPath('registry/python/bin/python'), ['-c', script])

describeWith(parts, 'the list', () => {
  test('H2 names what get answers without a login or an approval, and nothing else', async () => {
    const { stdout } = await helper('list', 'unused')
    const listed = JSON.parse(stdout) as Record<string, string>
    expect(listed).toEqual({ [registry.host]: 'oauth2', 'https://index.docker.io/v1/': 'ada' })
    for (const key of Object.keys(listed)) expect(JSON.parse((await helper('get', key)).stdout)).toMatchObject({ ServerURL: key })
    await home.run(['logout', 'work'])
    expect((await helper('list', 'unused')).stdout).toBe('{"https://index.docker.io/v1/":"ada"}\n')
    await home.run(['lock'])
    expect((await helper('list', 'unused')).code).toBe(1)
  }, 60_000)
})

describeWith({ ...parts, ...installed('python/bin/python') }, 'docker-py', () => {
  test('H2 loads all credentials although one profile needs a login; H3 finds Docker Hub', async () => {
    const script = `import json, docker.auth as auth
config = auth.load_config()
print(json.dumps([config.get_all_credentials(), config.resolve_authconfig("docker.io"), config.resolve_authconfig("${registry.host}")]))`
    const { code, stdout, stderr } = await python(script)
    expect([code, stderr]).toEqual([0, ''])
    const hub = { Username: 'ada', Password: 'value of hub', ServerAddress: 'https://index.docker.io/v1/' }
    const own = { Username: 'oauth2', Password: await tokenOf(home), ServerAddress: registry.host }
    const [all, atHub, atOwn] = JSON.parse(stdout) as [Record<string, unknown>, unknown, unknown]
    expect(all).toMatchObject({ [registry.host]: own, [hub.ServerAddress]: hub })
    expect([atHub, atOwn]).toMatchObject([hub, own])
  }, 60_000)
})

describeWith({ ...parts, ...programs('skopeo', 'podman', 'buildah') }, 'podman, skopeo and buildah', () => {
  test('H4 ask the helper after `setup podman`, and still know the logins of auth.json', async () => {
    await pushImage()
    expect((await home.run(['setup', 'podman', '--yes'])).code).toBe(0)
    const auth = { auths: { 'other.example.com': { auth: Buffer.from('grace:pw').toString('base64') } } }
    mkdirSync(join(home.path, 'config', 'containers'))
    writeFileSync(join(home.path, 'config', 'containers', 'auth.json'), JSON.stringify(auth))
    for (const program of ['skopeo', 'podman', 'buildah']) {
      const user = async (host: string) => (await run(program, ['login', '--get-login', host])).stdout
      expect([program, await user(registry.host), await user('other.example.com')]).toEqual([program, 'oauth2\n', 'grace\n'])
    }
    const args = ['inspect', '--raw', '--tls-verify=false', `docker://${registry.host}/team/app:1`]
    expect(await run('skopeo', args)).toMatchObject({ code: 0, stdout: manifest })
  }, 60_000)
})

describeWith({ ...parts, ...programs('skopeo'), ...installed('bin/crane') }, 'crane', () => {
  test('copies an image out of the registry and lists its tags', async () => {
    await pushImage()
    const { code, stdout, stderr } = await run(clientPath('registry/bin/crane'), [
      'manifest',
      '--insecure',
      `${registry.host}/team/app:1`,
    ])
    expect([code, stderr, JSON.parse(stdout)]).toEqual([0, '', JSON.parse(manifest)])
    expect(registry.asked.at(-1)).toMatchObject({
      scheme: 'basic',
      username: 'oauth2',
      credential: await tokenOf(home),
      status: 200,
    })
  }, 60_000)
})

describeWith({ ...parts, ...installed('bin/oras') }, 'oras', () => {
  test('pushes a file and pulls it again', async () => {
    writeFileSync(join(home.path, 'note.txt'), 'hello\n')
    const oras = (...args: readonly string[]) => run(clientPath('registry/bin/oras'), args)
    const pushed = await oras('push', '--plain-http', `${registry.host}/team/note:1`, 'note.txt:text/plain')
    expect([pushed.code, pushed.stderr]).toEqual([0, ''])
    const pulled = await oras('pull', '--plain-http', '-o', 'back', `${registry.host}/team/note:1`)
    expect([pulled.code, pulled.stderr, existsSync(join(home.path, 'back', 'note.txt'))]).toEqual([0, '', true])
    expect(registry.asked.filter(({ status }) => status !== 401).every(({ username }) => username === 'oauth2')).toBe(true)
  }, 60_000)

  test('shows why there is no credential', async () => {
    await home.run(['logout', 'work'])
    const { code, stderr } = await run(clientPath('registry/bin/oras'), ['pull', '--plain-http', `${registry.host}/team/app:1`])
    expect([code, stderr]).toEqual([1, expect.stringContaining("profile 'work' needs a login")])
  }, 60_000)
})

describeWith({ ...parts, ...programs('mvn'), ...installed('jib/pom.xml') }, 'jib', () => {
  test('H3 builds an image of a Java program into the registry, with the credential that the helper has for it', async () => {
    const installation = clientPath('registry/jib')
    for (const name of ['pom.xml', 'src']) cpSync(join(installation, name), join(home.path, 'java', name), { recursive: true })
    const { code, stdout } = await run('mvn', [
      '--legacy-local-repository',
      '--batch-mode',
      '--file',
      join(home.path, 'java', 'pom.xml'),
      `-Dmaven.repo.local=${join(installation, 'repository')}`,
      `-Duser.home=${home.path}`,
      '-Djib.from.image=scratch',
      `-Djib.to.image=${registry.host}/team/java:1`,
      '-Djib.allowInsecureRegistries=true',
      '-DsendCredentialsOverHttp=true',
      'compile',
      'jib:build',
    ])
    expect([code, code === 0 ? '' : stdout]).toEqual([0, ''])
    const taken = registry.asked.filter(({ status }) => status < 400)
    expect(taken.length).toBeGreaterThan(2)
    expect(taken.every(({ username }) => username === 'oauth2')).toBe(true)
  })
})

let manifest: string

async function pushImage(): Promise<void> {
  manifest = makeImage(join(home.path, 'image'))
  const args = [
    '--insecure-policy',
    'copy',
    '-q',
    '--dest-tls-verify=false',
    `dir:${home.path}/image`,
    `docker://${registry.host}/team/app:1`,
  ]
  writeFileSync(join(home.path, 'auth.json'), JSON.stringify({ credHelpers: { [registry.host]: 'authsock' } }))
  expect(await run('skopeo', args, { REGISTRY_AUTH_FILE: join(home.path, 'auth.json') })).toMatchObject({ code: 0, stderr: '' })
}
