// The commands about other people's tools, as a user types them.

import { execFileSync } from 'node:child_process'
import { existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { hasCompiler, nativePrograms, packageCopy } from '../../support/programs.ts'
import { describeWith, isPosix, programs } from '../../support/real-part.ts'
import { Tmux } from '../../support/tmux.ts'

let server: AuthorizationServer
let home: Home

beforeAll(async () => {
  server = await startAuthorizationServer()
})

afterAll(() => server.close())

describeWith({ 'a C compiler': hasCompiler(), POSIX: isPosix }, 'commands', () => {
  beforeEach(() => {
    home = new Home()
    home.env['PATH'] = `${nativePrograms()}:${home.env['PATH']}`
    home.config(workProfile(server))
  })

  afterEach(() => home.close())

  const containing = (text: string): string => expect.stringContaining(text) as string
  const at = (...path: readonly string[]): string => join(home.path, ...path)
  const text = (...path: readonly string[]): string => readFileSync(at(...path), 'utf8')
  function put(path: string, content: string): void {
    mkdirSync(join(at(path), '..'), { recursive: true })
    writeFileSync(at(path), content)
  }

  describe('routes', () => {
    test('add, list, test, remove; comments stay', async () => {
      const before = `# mine\n${workProfile(server)}`
      home.config(before)
      expect((await home.run(['route', 'add', 'https://git.example.com/acme'])).code).toBe(0)
      expect(
        (await home.run(['route', 'add', '*.pkg.example.com', '--username', 'ada', '--scope', 'read', '--json'])).stdout,
      ).toContain('"work"')
      const listed = (await home.run(['route', 'list'])).stdout
      expect(listed).toBe(
        'URL                            CREDENTIAL\nhttps://git.example.com/acme   profile work\nada@*.pkg.example.com          profile work (read), user name ada\n',
      )
      expect((await home.run(['route', 'test', 'https://git.example.com/acme/x.git'])).stdout).toBe(
        'profile work, by route https://git.example.com/acme\n',
      )
      const none = await home.run(['route', 'test', 'git.example.com'])
      expect([none.code, none.stdout, none.stderr]).toEqual([
        2,
        'no credential: tools continue with their other helpers\n',
        containing('has no path (git: credential.useHttpPath'),
      ])
      expect((await home.run(['route', 'remove', '*.pkg.example.com', '--username', 'ada'])).code).toBe(0)
      expect((await home.run(['route', 'remove', 'https://git.example.com/acme'])).code).toBe(0)
      expect(readFileSync(home.configFile, 'utf8')).toBe(before)
    })

    test.each([
      [['http://'], "'url' has no host"],
      [['https://a.example.com', '--profile', 'wrk'], "did you mean 'work'?"],
      [['https://a.example.com', '--secret', 'Not A Name'], 'must be the name of a static secret'],
      [['https://a.example.com', '--secret', 'x', '--scope', 'read'], 'has no effect for a secret'],
      [['https://a:pw@example.com'], 'contains a password'],
      [['a.*.example.com'], 'allowed only as the first label'],
      [['https://a.example.com', '--resource', 'nonsense'], 'must be an absolute URI'],
    ])('%j is refused, and nothing is changed', async (args, why) => {
      const before = readFileSync(home.configFile, 'utf8')
      const { code, stderr } = await home.run(['route', 'add', ...args])
      expect([code, stderr]).toEqual([2, containing(why)])
      expect(readFileSync(home.configFile, 'utf8')).toBe(before)
    })

    test('a second route of a place is refused: how to make room', async () => {
      await home.run(['route', 'add', 'https://git.example.com/acme'])
      const { code, stderr } = await home.run(['route', 'add', 'https://git.example.com/acme/', '--secret', 'x'])
      expect([code, stderr]).toEqual([
        2,
        containing('hint: remove it first: `authsock route remove https://git.example.com/acme`'),
      ])
    })

    test('a profile that routes lead to is not removed', async () => {
      await home.run(['route', 'add', 'https://git.example.com'])
      const { code, stderr } = await home.run(['profile', 'remove', 'work'])
      expect([code, stderr]).toEqual([2, containing('https://git.example.com')])
      expect((await home.run(['profile', 'list'])).stdout).toContain('work')
    })

    test('a mistake in a route: line and column', async () => {
      home.config(`${workProfile(server)}\n[[route]]\nurl = "https://a.example.com"\nprofil = "work"\n`)
      const { code, stderr } = await home.run(['route', 'list'])
      expect([code, stderr]).toEqual([
        2,
        expect.stringMatching(/config\.toml:8:1: unknown key 'profil': did you mean 'profile'\?/),
      ])
    })
  })

  describe('static secrets', () => {
    const value = 'ghp_thisIsNotShown'

    test('L2 add, use, list, replace, remove; what it holds is shown by no command and no request', async () => {
      const added = await home.run(
        ['secret', 'add', 'github', '--url', 'https://github.com', '--username', 'ada', '--expires', '90d', '--stdin'],
        { stdin: `${value}\n` },
      )
      expect([added.code, added.stderr]).toEqual([
        0,
        containing("added the static secret 'github' (GitHub personal access token)"),
      ])
      const listed = (await home.run(['secret', 'list'])).stdout
      expect(listed).toMatch(
        /^NAME +URL +USER +KIND +EXPIRES\ngithub +https:\/\/github\.com +ada +GitHub personal access token +in (89|90) d\n$/,
      )
      const shown = [added, await home.run(['secret', 'list', '--json']), await home.run(['status', '--json'])].map(
        ({ stdout, stderr }) => stdout + stderr,
      )
      for (const path of ['/v1/secrets', '/v1/status', '/v1/secrets/github']) shown.push((await home.http('GET', path)).text)
      expect(shown.join()).not.toContain(value)
      expect((await home.run(['password', 'https://github.com/x/y'])).stdout).toBe(`${value}\n`)
      expect((await home.run(['password', 'github', '--json'])).stdout).toBe(`{"password":"${value}"}\n`)
      expect((await home.run(['help', 'password'])).stdout).toContain('Usage: authsock password')
      // Replaced: where it is used stays.
      expect((await home.run(['secret', 'add', 'github', '--stdin'], { stdin: 'other\n' })).stderr).toContain('replaced')
      await home.run(['stop'])
      expect((await home.run(['password', 'https://github.com'])).stdout).toBe('other\n')
      expect((await home.run(['secret', 'remove', 'github'])).code).toBe(0)
      const gone = await home.run(['password', 'https://github.com', '--json'])
      expect([gone.code, gone.stdout, JSON.parse(gone.stderr)]).toMatchObject([2, '', { code: 'not_found' }])
      expect((await home.run(['secret', 'remove', 'github'])).code).toBe(2)
    })

    test('one that ends soon is spoken of; one that has ended is not used', async () => {
      const add = async (name: string, seconds: number): Promise<void> => {
        const expires = new Date(Date.now() + seconds * 1_000).toISOString()
        const url = `https://${name}.example.com`
        const added = await home.run(['secret', 'add', name, '--url', url, '--expires', expires, '--stdin'], { stdin: 'x\n' })
        expect(added.code).toBe(0)
      }
      await home.startAgent()
      await add('hourly', 3_600)
      await add('brief', 5)
      expect((await home.run(['status'])).stdout).toContain("warning: the secret 'hourly' expires")
      await expect.poll(async () => (await home.run(['password', 'brief'])).code).toBe(6)
      expect((await home.run(['status'])).stdout).toContain("the secret 'brief' has expired")
      expect((await home.run(['password', 'https://brief.example.com'])).stderr).toContain(
        '`authsock secret add brief` replaces it',
      )
    })

    test.each([
      [['Bad Name'], 'x\n', 'not a valid name'],
      [['a', '--expires', 'tomorrow'], 'x\n', 'a date (2027-01-31) or a span'],
      [['a', '--expires', '2020-01-01'], 'x\n', 'which is past'],
      [['a'], '\n', 'holds no secret'],
      [['a', '--url', 'https://'], 'x\n', 'no host'],
    ])('%j is refused', async (args, stdin, why) => {
      const { code, stderr } = await home.run(['secret', 'add', ...args, '--stdin'], { stdin })
      expect([code, stderr]).toEqual([2, containing(why)])
      expect((await home.run(['secret', 'list', '--json'])).stdout).toBe('{"secrets":[]}\n')
    })

    test('locked: neither read nor kept', async () => {
      await home.run(['secret', 'add', 'a', '--stdin'], { stdin: 'x\n' })
      await home.run(['lock'])
      expect((await home.run(['password', 'a'])).code).toBe(4)
      expect((await home.run(['secret', 'add', 'b', '--stdin'], { stdin: 'x\n' })).code).toBe(4)
      expect((await home.run(['secret', 'list'])).code).toBe(4)
    })
  })

  describeWith(programs('git'), 'setup', () => {
    test('git: shown, made, used by the real git, and undone to the byte', async () => {
      expect((await logIn(home, server)).code).toBe(0)
      await home.run(['route', 'add', 'https://git.example.com/acme'])
      const before = '[user]\n\tname = Ada # me\n[credential]\n\thelper = store\n'
      put('.gitconfig', before)
      const printed = await home.run(['setup', 'git', '--print'])
      expect(printed.stderr).toContain('useHttpPath')
      expect(printed.stderr).toContain("the helper 'store' is no longer used")
      expect([printed.code, printed.stdout]).toEqual([0, containing('+ \thelper = ')])
      expect(text('.gitconfig')).toBe(before)
      expect((await home.run(['setup', 'git'])).code).toBe(2)
      expect((await home.run(['setup', 'git', '--yes'])).code).toBe(0)
      const fill = (url: string): string =>
        execFileSync('git', ['credential', 'fill'], {
          env: { ...home.env, GIT_TERMINAL_PROMPT: '0' },
          input: `url=${url}\n\n`,
          encoding: 'utf8',
          stdio: ['pipe', 'pipe', 'ignore'],
        })
      expect(fill('https://git.example.com/acme/x.git')).toMatch(/^password=\S{20,}$/m)
      expect(() => fill('https://git.example.com/other')).toThrow()
      expect((await home.run(['setup', 'git', '--yes'])).stderr).toContain('set up already')
      expect((await home.run(['setup', 'git', 'https://git.example.com', '--yes'])).code).toBe(0)
      expect((await home.run(['setup', '--undo'])).stderr).toContain('hint: `authsock setup git --undo`')
      const shown = (await home.run(['setup', 'git', '--undo', '--print'])).stdout
      // U8: the lines that stay are context.
      expect(shown).toContain(`  ${at('.gitconfig')}\n  [credential]\n  \thelper = store\n- \thelper = \n`)
      expect(shown).not.toMatch(/^- .*(user|Ada|store)/m)
      expect(text('.gitconfig')).not.toBe(before)
      expect((await home.run(['setup', 'git', '--undo'])).stderr).toContain('are undone')
      expect(text('.gitconfig')).toBe(before)
      expect((await home.run(['setup', 'git', '--undo'])).stderr).toContain('nothing to undo')
    })

    test('a route with a path that comes later: git is told to say paths too', async () => {
      await home.run(['route', 'add', 'https://git.example.com'])
      expect((await home.run(['setup', 'git', '--yes'])).code).toBe(0)
      const before = text('.gitconfig')
      const added = await home.run(['route', 'add', 'https://git.example.com/acme'])
      expect(added.stderr).toContain('run `authsock setup git` again')
      const { stderr } = await home.run(['setup', 'git', '--yes'])
      expect([stderr, text('.gitconfig')]).toEqual([
        containing('now uses authsock'),
        `${before}[credential "https://git.example.com"]\n\tuseHttpPath = true\n`,
      ])
      expect((await home.run(['setup', 'git', '--yes'])).stderr).toContain('set up already')
    })

    test("a host that has gh's helper keeps it, and setup says how to change that", async () => {
      put('.gitconfig', '[credential "https://github.com"]\n\thelper = \n\thelper = !gh auth git-credential\n')
      const { stderr } = await home.run(['setup', 'git', '--yes'])
      expect(stderr).toContain('https://github.com keeps its own helper: `authsock setup git https://github.com`')
      expect((await home.run(['setup', 'git', 'https://github.com', '--yes'])).code).toBe(0)
      expect((await home.run(['setup', 'git', '--print'])).stderr).toBe('authsock: git is set up already\n')
    })

    test('what was changed elsewhere since stays when it is undone', async () => {
      put('.gitconfig', '[user]\n\tname = Ada\n')
      await home.run(['setup', 'git', '--yes'])
      writeFileSync(at('.gitconfig'), text('.gitconfig').replace('Ada', 'Grace') + '[core]\n\teditor = ed\n')
      expect((await home.run(['setup', 'git', '--undo'])).code).toBe(0)
      expect(text('.gitconfig')).toBe('[user]\n\tname = Grace\n[core]\n\teditor = ed\n')
      await home.run(['setup', 'git', '--yes'])
      const made = text('.gitconfig')
      writeFileSync(at('.gitconfig'), made.replace('helper = \n', ''))
      const { code, stderr } = await home.run(['setup', 'git', '--undo'])
      expect([code, stderr]).toEqual([9, containing('remove these lines by hand')])
      writeFileSync(at('.gitconfig'), made.replace(/\thelper = .*authsock\n/, ''))
      expect((await home.run(['setup', 'git', '--undo'])).stderr).toContain('are undone')
    })

    test('a dotfile that is a link into a repository stays one', async () => {
      put('dotfiles/gitconfig', '[user]\n\tname = Ada\n')
      symlinkSync(at('dotfiles/gitconfig'), at('.gitconfig'))
      expect((await home.run(['setup', 'git', '--yes'])).code).toBe(0)
      expect([lstatSync(at('.gitconfig')).isSymbolicLink(), text('dotfiles/gitconfig')]).toEqual([
        true,
        containing('git-credential-authsock'),
      ])
    })

    test('every tool: what was there stays, twice is once, and undo leaves nothing', async () => {
      const files: Readonly<Record<string, string>> = {
        '.docker/config.json': '{\n  "auths": {},\n  "credsStore": "desktop"\n}\n',
        '.kube/config':
          'apiVersion: v1\n# mine\ncurrent-context: dev\ncontexts:\n- name: dev\n  context: {cluster: c, user: me}\nusers:\n- name: other\n  user: {token: x}\n',
        '.aws/config': '[default]\nregion = eu-west-1\n',
        '.cargo/config.toml': '[net]\noffline = true # mine\n',
        'config/pip/pip.conf': '[global]\ntimeout = 5\n\n[install]\nuser = no\n',
        'config/uv/uv.toml': '# mine\n',
        '.terraformrc': 'disable_checkpoint = true\n',
        'config/go/env': 'GOPROXY=https://proxy.example.com\n',
        '.npmrc': 'save-exact=true\n',
        '.bazelrc': 'build --jobs=2\n',
        '.claude/settings.json': '{"model": "x"}',
        '.codex/config.toml': '[model_providers.corp]\nname = "Corp"\n',
      }
      for (const [path, content] of Object.entries(files)) put(path, content)
      const calls = [
        ['docker'],
        ['kubectl'],
        ['aws', 'corp', '--role-arn', 'arn:aws:iam::123456789012:role/dev', '--region', 'eu-north-1'],
        ['cargo', 'corp'],
        ['pip'],
        ['terraform'],
        ['go'],
        ['pnpm', 'https://npm.example.com/group/'],
        ['bazel', '*.example.com'],
        ['claude'],
        ['codex', 'corp'],
      ]
      for (const call of calls) {
        const made = await home.run(['setup', ...call, '--profile', 'work', '--yes'])
        expect([call[0], made.code, made.stderr]).toEqual([call[0], 0, containing('now uses authsock')])
        if (call[0] === 'docker') expect(made.stderr).toContain("the store 'desktop' is no longer used")
        expect((await home.run(['setup', ...call, '--profile', 'work', '--yes'])).stderr).toContain('set up already')
      }
      const bin = nativePrograms()
      expect(JSON.parse(text('.docker/config.json'))).toEqual({ auths: {}, credsStore: 'authsock' })
      const kube = parse(text('.kube/config')) as {
        users: { name: string; user: { exec?: { command: string; args: string[] } } }[]
      }
      expect(kube.users[1]).toMatchObject({
        name: 'me',
        user: { exec: { command: join(bin, 'authsock-client'), args: ['kubectl', 'work'], interactiveMode: 'IfAvailable' } },
      })
      expect(text('.kube/config')).toContain('# mine')
      expect(text('.aws/config')).toBe(
        `[default]\nregion = eu-west-1\n\n[profile corp]\ncredential_process = "${bin}/authsock-client" aws work --role-arn arn:aws:iam::123456789012:role/dev\nregion = eu-north-1\n`,
      )
      expect(text('.cargo/config.toml')).toBe(
        `[net]\noffline = true # mine\n\n[registries.corp]\ncredential-provider = ["${bin}/cargo-credential-authsock"]\n`,
      )
      expect(text('config/pip/pip.conf')).toBe('[global]\ntimeout = 5\nkeyring-provider = subprocess\n\n[install]\nuser = no\n')
      expect(text('config/uv/uv.toml')).toBe('# mine\nkeyring-provider = "subprocess"\n')
      expect(text('.terraformrc')).toBe('disable_checkpoint = true\ncredentials_helper "authsock" {}\n')
      expect(existsSync(at('.terraform.d/plugins/terraform-credentials-authsock'))).toBe(true)
      expect(text('config/go/env')).toBe(`GOPROXY=https://proxy.example.com\nGOAUTH=netrc; ${bin}/goauth-authsock\n`)
      const link = at('.local/share/authsock/bin/pnpm-authsock-work')
      expect(text('.npmrc')).toBe(`save-exact=true\n//npm.example.com/group/:tokenHelper=${link}\n`)
      expect(existsSync(link)).toBe(true)
      expect(text('.bazelrc')).toBe(`build --jobs=2\ncommon --credential_helper=*.example.com=${bin}/authsock-bazel\n`)
      expect(JSON.parse(text('.claude/settings.json'))).toEqual({ model: 'x', apiKeyHelper: `${bin}/authsock-claude work` })
      expect(text('.codex/config.toml')).toBe(
        `[model_providers.corp]\nname = "Corp"\n\n[model_providers.corp.auth]\ncommand = "${bin}/authsock-client"\nargs = ["codex", "work"]\n`,
      )
      for (const [tool = ''] of calls) expect((await home.run(['setup', tool, '--undo'])).stderr).toContain('are undone')
      for (const [path, content] of Object.entries(files)) expect([path, text(path)]).toEqual([path, content])
      expect([existsSync(link), existsSync(at('.terraform.d/plugins/terraform-credentials-authsock'))]).toEqual([false, false])
    })

    test.each([
      [['gti'], "did you mean 'git'?"],
      [['pnpm'], 'pnpm needs a registry'],
      [['codex'], 'model provider'],
      [['aws', '--profile', 'work'], 'aws needs a role for the tokens'],
      [['bazel'], 'bazel needs hosts'],
    ])('%j: says what is missing', async (args, why) => {
      const { code, stderr } = await home.run(['setup', ...args])
      expect([code, stderr]).toEqual([2, containing(why)])
    })

    test('--json: what there is, what would be changed, what is undone', async () => {
      const json = async (...args: readonly string[]): Promise<unknown> =>
        JSON.parse((await home.run(['setup', ...args, '--json'])).stdout) as unknown
      expect(await json()).toMatchObject({ tools: expect.arrayContaining([{ name: 'go', about: 'GOAUTH' }]) as unknown })
      expect(await json('git', '--yes')).toMatchObject({ tool: 'git', changes: [{ kind: 'file', path: at('.gitconfig') }] })
      expect(await json('git', '--undo')).toEqual({ tool: 'git', undone: [at('.gitconfig')] })
      expect(await json('git', '--undo')).toEqual({ tool: 'git', undone: [] })
    })

    test('a name that nothing has is spoken of', async () => {
      const about = async (name: string): Promise<string> =>
        (await home.run(['setup', 'claude', '--profile', name, '--print'])).stderr
      await home.run(['secret', 'add', 'key', '--stdin'], { stdin: 'x\n' })
      expect(await about('kee')).toContain("there is no profile and no static secret 'kee' yet")
      expect([await about('key'), await about('work')].join()).not.toContain('there is no')
    })

    test('a file that cannot be read as what it is stays as it is', async () => {
      put('.docker/config.json', '{ not json')
      put('.cargo/config.toml', 'a = = b\n')
      put('.terraformrc', 'credentials_helper "other" {}\n')
      put('.kube/config', 'users:\n- name: me\n  user: {token: x}\n')
      for (const args of [['docker'], ['cargo'], ['terraform'], ['kubectl', 'me', '--profile', 'work']]) {
        const { code, stderr } = await home.run(['setup', ...args, '--yes'])
        expect([args[0], code, stderr]).toEqual([args[0], 2, containing('hint: ')])
      }
      expect([text('.docker/config.json'), text('.terraformrc')]).toEqual(['{ not json', 'credentials_helper "other" {}\n'])
    })
  })

  describeWith(programs('tmux', 'git'), 'setup in a terminal', () => {
    test('asks first: no changes nothing, yes does it', async () => {
      put('.gitconfig', '[user]\n\tname = Ada\n')
      const tmux = new Tmux(home)
      tmux.type('setup git')
      expect(await tmux.see(/make these changes\? \[y\/N\]/)).toMatch(/^\+ +helper = \//m)
      tmux.send('n')
      await tmux.see(/rc=130/)
      expect(text('.gitconfig')).toBe('[user]\n\tname = Ada\n')
      tmux.type('setup git')
      await tmux.see(/make these changes\? \[y\/N\]/)
      tmux.send('y')
      await tmux.see(/now uses authsock[\s\S]*rc=0/)
      tmux.close()
      expect(text('.gitconfig')).toContain('git-credential-authsock')
    })
  })

  describe('doctor', () => {
    test('all is well; then a mistake, a lock, and what to do about each', async () => {
      expect((await logIn(home, server)).code).toBe(0)
      const well = await home.run(['doctor'])
      expect([well.code, well.stdout]).toEqual([0, containing('native thin client')])
      await home.run(['lock'])
      const locked = await home.run(['doctor'])
      expect([locked.code, locked.stdout]).toEqual([
        4,
        containing(`problem  vault locked: ${home.vault}\n         hint: \`authsock unlock\``),
      ])
      home.config('profile = 3\n')
      await expect.poll(async () => (await home.run(['status'])).stdout).toContain('config.toml:1:1')
      const broken = await home.run(['doctor', '--json'])
      const { findings } = JSON.parse(broken.stdout) as { findings: { level: string; text: string }[] }
      expect([broken.code, findings[0]]).toEqual([
        2,
        {
          level: 'problem',
          text: containing('config.toml:1:1'),
          hint: expect.any(String) as string,
          code: 'config_invalid',
        },
      ])
      expect(findings.filter((each) => each.text.includes('config.toml:1:1'))).toHaveLength(1)
    })

    test('without the native thin client it says so, once and here only', async () => {
      const bin = at('bin')
      mkdirSync(bin)
      writeFileSync(join(bin, 'authsock-client'), '#!/usr/bin/env node\n', { mode: 0o755 })
      const path = [bin, ...(home.env['PATH'] ?? '').split(':').slice(1)].join(':')
      home.program = packageCopy(home.path)
      expect((await home.run(['doctor'], { env: { PATH: path } })).stdout).toContain('thin client in TypeScript')
    })
  })
})
