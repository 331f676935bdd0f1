// `authsock setup` over configuration files as people and other programs leave them.

import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parse } from 'yaml'
import { Home } from '../../support/home.ts'
import { hasCompiler, nativePrograms } from '../../support/programs.ts'
import { describeWith, isPosix } from '../../support/real-part.ts'

describeWith({ 'a C compiler': hasCompiler(), POSIX: isPosix }, 'setup of files', () => {
  let home: Home

  beforeEach(() => {
    home = new Home()
    home.env['PATH'] = `${nativePrograms()}:${home.env['PATH']}`
    home.config('[profile.work]\nissuer = "https://login.example.com"\nclient_id = "x"\n')
  })

  afterEach(() => home.close())

  const at = (path: string): string => join(home.path, path)
  const text = (path: string): string => readFileSync(at(path), 'utf8')
  function put(path: string, content: string): void {
    mkdirSync(join(at(path), '..'), { recursive: true })
    writeFileSync(at(path), content)
  }
  const setup = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
    home.run(['setup', ...args, '--profile', 'work', '--yes'], { env })
  const goauth = (): string => join(nativePrograms(), 'goauth-authsock')
  const aws = (): string => `credential_process = "${nativePrograms()}/authsock-client" aws work --role-arn arn:aws:iam::1:role/x`

  test.each([
    ['https://index.docker.io/v1/', 'https://index.docker.io/v1/', 'docker.io'],
    ['docker.io', 'https://index.docker.io/v1/', 'docker.io'],
    ['registry-1.docker.io', 'https://index.docker.io/v1/', 'docker.io'],
    ['reg.example.com:5000/team/app', 'reg.example.com:5000', 'reg.example.com:5000'],
  ])('H3 %s: docker and podman look up the key that is written', async (target, dockerKey, podmanKey) => {
    expect((await setup(['docker', target])).code).toBe(0)
    expect(JSON.parse(text('.docker/config.json'))).toEqual({ credHelpers: { [dockerKey]: 'authsock' } })
    expect((await setup(['podman', target])).code).toBe(0)
    expect(JSON.parse(text('config/containers/auth.json'))).toEqual({ credHelpers: { [podmanKey]: 'authsock' } })
  })

  test('H4 podman gets a file of its own, and its logins still count', async () => {
    put('.config/containers/registries.conf', 'credential-helpers = ["secretservice"]\n')
    const { code, stderr } = await setup(['podman'])
    expect([code, stderr]).toEqual([0, expect.stringContaining('["secretservice"]')])
    const file = '.config/containers/registries.conf.d/50-authsock.conf'
    expect(text(file)).toBe('credential-helpers = ["authsock", "containers-auth.json"]\n')
    expect((await setup(['podman'])).stderr).toContain('set up already')
    expect((await home.run(['setup', 'podman', '--undo'])).code).toBe(0)
    expect(existsSync(at(file))).toBe(false)
  })

  test.each([
    // Go takes `off` beside no other command, nor an empty one.
    ['go', 'config/go/env', 'GOAUTH=off\n', () => `GOAUTH=${goauth()}\n`],
    ['go', 'config/go/env', 'GOAUTH=\n', () => `GOAUTH=netrc; ${goauth()}\n`],
    // A header stays one with a comment behind it.
    [
      'pip',
      'config/pip/pip.conf',
      '[global] # mine\ntimeout = 5\n[install] ; mine\nuser = no\n',
      () => '[global] # mine\ntimeout = 5\nkeyring-provider = subprocess\n[install] ; mine\nuser = no\n',
    ],
    // One section, however it is written: a second one would take the place of the first.
    [
      'aws corp --role-arn arn:aws:iam::1:role/x',
      '.aws/config',
      '[profile "corp"]\nregion = x\n',
      () => `[profile "corp"]\nregion = x\n${aws()}\n`,
    ],
    [
      'aws corp --role-arn arn:aws:iam::1:role/x',
      '.aws/config',
      '[ profile  corp ]\nregion = x\n',
      () => `[ profile  corp ]\nregion = x\n${aws()}\n`,
    ],
    // Of two the last counts.
    [
      'aws corp --role-arn arn:aws:iam::1:role/x',
      '.aws/config',
      '[profile corp]\nregion = x\n[profile corp]\ncredential_process = other\n',
      () => `[profile corp]\nregion = x\n[profile corp]\n${aws()}\n`,
    ],
    // No line feed at the end, others with carriage returns.
    [
      'pip',
      'config/pip/pip.conf',
      '[global]\r\ntimeout = 5\r\n[install]\r\nuser = no',
      () => '[global]\r\ntimeout = 5\r\nkeyring-provider = subprocess\r\n[install]\r\nuser = no\r\n',
    ],
  ])(
    '%s: %s',
    async (tool, path, before, after) => {
      put(path, before)
      expect((await setup(tool.split(' '))).code).toBe(0)
      expect(text(path)).toBe(after())
      expect((await setup(tool.split(' '))).stderr).toContain('set up already')
      expect((await home.run(['setup', tool.split(' ')[0] ?? '', '--undo'])).code).toBe(0)
      expect(text(path)).toBe(before)
    },
    300_000,
  )

  test('kubectl: of several files the one that has the user', async () => {
    put('a', 'apiVersion: v1\nkind: Config\nusers: []\n')
    put(
      'b',
      'apiVersion: v1\nkind: Config\ncurrent-context: dev\ncontexts:\n- name: dev\n  context: {cluster: c, user: me}\nusers:\n- name: other\n  user: {token: x}\n',
    )
    const [a, b] = [text('a'), text('b')]
    const env = { KUBECONFIG: `${at('missing')}:${at('a')}:${at('b')}` }
    const refused = await setup(['kubectl', 'other'], env)
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('has another credential already')])
    expect((await setup(['kubectl'], env)).code).toBe(0)
    expect(text('a')).toBe(a)
    expect((parse(text('b')) as { users: { name: string }[] }).users.map(({ name }) => name)).toEqual(['other', 'me'])
    expect((await home.run(['setup', 'kubectl', '--undo'])).code).toBe(0)
    expect(text('b')).toBe(b)
  })

  test.each(['[registries]\ncorp = { index = "sparse+https://x/" }\n', 'registries.corp.index = "sparse+https://x/"\n'])(
    'cargo: a table written in another way stays as it is: %j',
    async (before) => {
      put('.cargo/config.toml', before)
      const { code, stderr } = await setup(['cargo', 'corp'])
      expect([code, stderr]).toEqual([2, expect.stringContaining('hint: ')])
      expect(text('.cargo/config.toml')).toBe(before)
    },
  )

  test('permissions stay, whatever the umask', async () => {
    put('.bazelrc', 'build --jobs=2\n')
    chmodSync(at('.bazelrc'), 0o664)
    expect((await setup(['bazel', 'a.example.com'])).code).toBe(0)
    expect(statSync(at('.bazelrc')).mode & 0o777).toBe(0o664)
  })
})
