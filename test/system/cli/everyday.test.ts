// Findings of strangers at the command line: everyday states and wrong guesses are answered in words, with a hint and the exit
// code that fits, never as a defect.

import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { parsePastTime, parseSpan } from '../../../src/cli/arguments.ts'
import { statusLines } from '../../../src/cli/commands/status-lines.ts'
import { topics } from '../../../src/cli/help-topics.ts'
import { displayWidth, reflow } from '../../../src/cli/layout.ts'
import type { ShareStatus } from '../../../src/wire/messages.ts'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home, program } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { hasCompiler, nativePrograms, twinPrograms } from '../../support/programs.ts'
import { describeWith, isLinux, isPosix, isRoot, programs } from '../../support/real-part.ts'
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

const same = (text: string): string => text
const containing = (text: string): string => expect.stringContaining(text) as string

describe('U1 time spans', () => {
  test.each([
    ['45s', 45],
    ['10m', 600],
    ['10min', 600],
    ['8h', 28_800],
    ['90d', 7_776_000],
    ['12w', 7_257_600],
    ['1y', 31_536_000],
  ])('%s is %d seconds', (text, seconds) => {
    expect(parseSpan('--ttl', text)).toBe(seconds)
    expect(parsePastTime('--since', text, 1_000_000_000)).toBe(1_000_000_000 - seconds)
  })

  test.each([
    ['10', 'not a time span'],
    ['10mo', 'not a time span'],
    ['-1h', 'not a time span'],
    ['1.5h', 'not a time span'],
    ['0m', 'too short'],
    ['99999d', 'too long'],
  ])('%s is refused', (text, why) => {
    expect(() => parseSpan('--ttl', text)).toThrow(why)
  })

  test('a share of ten minutes ends in ten minutes, and says when', async () => {
    home.config(workProfile(server))
    const before = Date.now() / 1000
    const made = await home.run(['share', 'create', 'devbox', '--scope', 'read', '--ttl', '10m'])
    expect([made.code, made.stderr]).toEqual([0, expect.stringMatching(/expires \d{4}-\d\d-\d\d \d\d:\d\d\n/)])
    const { expires_at: end } = (await home.http('GET', '/v1/shares/devbox')).json<ShareStatus>()
    expect(end - before).toBeGreaterThan(590)
    expect(end - before).toBeLessThan(700)
    expect(await home.run(['share', 'create', 'long', '--scope', 'read', '--ttl', '2y'])).toMatchObject({
      code: 2,
      stderr: containing('too long'),
    })
  })
})

describe('U3 what the vault is', () => {
  test('unlock of a vault that does not exist yet says so', async () => {
    expect(await home.run(['unlock'])).toMatchObject({ code: 0, stderr: containing('nothing to unlock') })
  })

  test('master-key asks for nothing while the vault is locked', async () => {
    home.config(workProfile(server))
    expect((await logIn(home, server)).code).toBe(0)
    expect((await home.run(['lock'])).code).toBe(0)
    const { code, stderr } = await home.run(['vault', 'master-key', 'passphrase'])
    expect([code, stderr]).toEqual([4, containing('vault locked')])
    expect(stderr).not.toContain('passphrase:')
  })

  test('a master key that cannot be read is no open vault', async () => {
    home.config(workProfile(server))
    expect((await logIn(home, server)).code).toBe(0)
    await home.run(['stop'])
    writeFileSync(join(home.path, 'master.key'), '')
    const { code, stderr } = await home.run(['unlock'])
    expect(code).not.toBe(0)
    expect(stderr).not.toContain('unlocked')
  })
})

describeWith({ POSIX: isPosix }, 'U4 surroundings that are not as usual', () => {
  const isExplained = ({ code, stderr }: { readonly code: number | null; readonly stderr: string }): void => {
    expect(stderr).toContain('hint: ')
    expect(stderr).not.toMatch(/defect|unexpected|at .*\.[jt]s:\d+/)
    expect([0, 1]).not.toContain(code)
  }

  test.each(['status', 'token', 'doctor', 'start'])('%s: a runtime folder that does not exist', async (command) => {
    const env = { XDG_RUNTIME_DIR: join(home.path, 'none', 'run') }
    const { stderr } = await home.run([command], { env })
    expect(stderr).not.toMatch(/defect|unexpected/)
    await home.run(['stop'], { env })
  })

  test('a configuration folder that cannot be written', async () => {
    const folder = join(home.path, 'config')
    writeFileSync(folder, 'a file')
    isExplained(await home.run(['profile', 'add', 'x', '--issuer', 'https://a.example', '--client-id', 'x']))
  })

  const asNobody = (args: readonly string[]) => {
    const { status, stderr } = spawnSync(
      'setpriv',
      ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, program, ...args],
      { env: home.env, encoding: 'utf8' },
    )
    return { code: status, stderr }
  }

  describeWith({ ...programs('setpriv'), root: isRoot }, 'after su without -', () => {
    test.each([['status'], ['token', 'work'], ['profile', 'list'], ['doctor'], ['login', 'work'], ['git', 'get']])(
      '%s %s',
      async (...args) => {
        home.config(workProfile(server))
        await home.run(['start'])
        chmodSync(home.path, 0o700)
        isExplained(asNobody(args))
      },
    )
  })

  describeWith({ Linux: isLinux }, 'a full disk behind stdout', () => {
    test.each([[['help']], [['status']], [['version']], [['status', '--json']]])('%j > /dev/full', (args) => {
      const { status, stderr } = spawnSync(process.execPath, [program, ...args], {
        env: home.env,
        encoding: 'utf8',
        stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
      })
      expect([status, stderr]).toEqual([9, 'authsock: cannot write to stdout: no space left on device\n'])
    })
  })
})

describe('U9 wrong guesses', () => {
  test.each([
    [['use', 'work'], 'authsock profile default'],
    [['get'], 'authsock token'],
    [['whoami'], 'authsock status'],
    [['refresh'], 'authsock retry'],
    [['logs'], 'authsock audit'],
    [['stauts'], 'authsock status'],
    [['stauts', '--json'], 'authsock status'],
    [['setup', 'uv'], "'pip'"],
    [['setup', 'skopeo'], "'podman'"],
    [['setup', 'gti'], "'git'"],
  ])('%j', async (args, suggestion) => {
    const { code, stderr } = await home.run(args)
    expect([code, stderr]).toEqual([2, containing(suggestion)])
    expect(stderr).toContain('did you mean')
  })

  test.each([['qq'], ['xyzzy'], ['setup', 'xy']])('%s %s: nothing that is not meant', async (...args) => {
    const { code, stderr } = await home.run(args)
    expect(code).toBe(2)
    expect(stderr).not.toContain('did you mean')
  })
})

describe('H6 a secret is kept whole', () => {
  const pem = '-----BEGIN PRIVATE KEY-----\nMIIB\nAAAA\n-----END PRIVATE KEY-----'

  test('from a file and from stdin, through a variable and stdout', async () => {
    writeFileSync(join(home.path, 'key.pem'), `${pem}\n`)
    expect((await home.run(['secret', 'add', 'one', '--file', join(home.path, 'key.pem')])).code).toBe(0)
    expect((await home.run(['secret', 'add', 'two', '--stdin'], { stdin: `${pem}\r\n` })).code).toBe(0)
    for (const name of ['one', 'two']) expect((await home.run(['password', name])).stdout).toBe(`${pem}\n`)
    const show = ['-e', 'process.stdout.write(process.env.KEY)']
    expect((await home.run(['exec', '--secret', 'KEY=one', '--', process.execPath, ...show])).stdout).toBe(pem)
  })

  test('a tool whose protocol has lines is refused one of several', async () => {
    await home.run(['secret', 'add', 'one', '--url', 'https://git.example.com', '--stdin'], { stdin: pem })
    const { code, stdout } = await home.run(['git', 'get'], { stdin: 'protocol=https\nhost=git.example.com\n\n' })
    expect(stdout).not.toContain('BEGIN')
    expect(code).toBe(2)
  })

  test.each([
    ['login', ['work', '--client-secret-stdin'], 'client_authentication = "client_secret_basic"\n'],
    ['unlock', ['--passphrase-stdin'], ''],
  ])('%s: one of several lines is refused, not cut', async (command, args, more) => {
    home.config(workProfile(server, more))
    const { code, stderr } = await home.run([command, ...args], { stdin: 'first\nsecond\n' })
    expect([code, stderr]).toEqual([2, containing('stdin has more than one line')])
  })
})

describeWith({ ...programs('tmux'), 'a C compiler': hasCompiler(), Linux: isLinux }, 'H10 a background job', () => {
  test.each([
    ['native', nativePrograms],
    ['twin', twinPrograms],
  ])('%s: a tool that needs a login fails, and its process group is not stopped', async (_, folder) => {
    home.config(`${workProfile(server)}\n[[route]]\nurl = "https://git.example.com"\nprofile = "work"\n`)
    await home.run(['start'])
    home.env['PATH'] = `${folder()}:${home.env['PATH']}`
    mkdirSync(join(home.path, 'out'))
    const terminal = new Tmux(home)
    try {
      const job = `printf 'protocol=https\\nhost=git.example.com\\n\\n' | git-credential-authsock get; echo "ended=$?"`
      terminal.send(`clear; (${job}) >${home.path}/out/job 2>&1 &`)
      await expect.poll(() => readFileSync(join(home.path, 'out', 'job'), 'utf8'), { timeout: 30_000 }).toMatch(/ended=\d+/)
      terminal.send('clear; jobs; echo listed')
      expect(await terminal.see(/listed/)).not.toContain('Stopped')
    } finally {
      terminal.close()
    }
  })

  test('a login prints the URL and reads nothing from the terminal', async () => {
    home.config(workProfile(server))
    const terminal = new Tmux(home)
    try {
      terminal.send(`clear; '${process.execPath}' '${program}' login work --no-browser &`)
      const screen = await terminal.see(/auth\?/)
      const url = /http:\S+\/auth\?\S+/.exec(screen)?.[0] ?? ''
      await fetch(await server.authorize(url))
      await terminal.see(/logged in to 'work' as ada/)
    } finally {
      terminal.close()
    }
  })
})

test('L14 two profiles of one client and user: login and doctor warn, once', async () => {
  const second = workProfile(server).replace('profile.work', 'profile.other')
  home.config(`${workProfile(server)}\n${second}`)
  expect((await logIn(home, server)).stderr).not.toContain('same client')
  const { stderr } = await logIn(home, server, ['other', '--no-browser'])
  expect(stderr).toContain("'work' uses the same client and user")
  const { stdout } = await home.run(['doctor', '--json'])
  const { findings } = JSON.parse(stdout) as { findings: { text: string }[] }
  expect(findings.filter(({ text }) => text.includes('same client and user'))).toHaveLength(1)
})

describe('U7 lists for people', () => {
  test('audit: a heading, aligned columns, local times, the program behind the call', async () => {
    home.config(workProfile(server))
    await logIn(home, server)
    expect((await home.run(['token'])).code).toBe(0)
    const { stdout } = await home.run(['audit'], { env: { TZ: 'Pacific/Auckland' } })
    const [heading = '', ...rows] = stdout.trimEnd().split('\n')
    expect(heading).toMatch(/^TIME +EVENT +CREDENTIAL +CALLER/)
    const column = heading.indexOf('CALLER')
    for (const row of rows) expect(row.slice(column - 1, column)).toBe(' ')
    const hour = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Pacific/Auckland', dateStyle: 'short' }).format()
    expect(rows.at(-1)).toMatch(new RegExp(`^${hour} \\d\\d:\\d\\d:\\d\\d +issued +work `))
    // This test is a program of node as well: what started the command line is what is shown.
    expect(rows.at(-1)).toMatch(/ \S+ > authsock \(\d+\)|\bnode\b/)
  })

  test('share show: one end, and when', async () => {
    home.config(workProfile(server))
    await home.run(['share', 'create', 'devbox', '--scope', 'read'])
    expect((await home.run(['share', 'show', 'devbox'])).stdout).toMatch(
      /^expires {3}\d{4}-\d\d-\d\d \d\d:\d\d \(in (8 h|7 h 59 min)\)$/m,
    )
  })

  test.each([60, 80])('at %d columns no word is broken, and only what cannot be broken is longer', (width) => {
    const lines = [
      ...reflow([...topics.values()].join('\n\n'), width).split('\n'),
      ...statusLines(
        {
          agent: { version: '1.0.0', protocol: 1, pid: 1, started_at: 1, socket: '/s', config: '/c' },
          vault: { state: 'locked', master_key: 'passphrase', detail: 'a detail '.repeat(20), hint: 'a hint '.repeat(20) },
          sessions: [
            {
              profile: 'work',
              state: 'login_required',
              issuer: 'https://login.example.com',
              client_id: 'c',
              grant: 'device_code',
              reason: 'words '.repeat(30),
              hint: 'more words '.repeat(20),
            },
          ],
          warnings: ['a long warning '.repeat(12)],
        },
        1_800_000_000,
        width,
        { bold: same, dim: same, good: same, warn: same, bad: same },
      ),
    ]
    const words = new Set([...topics.values()].join(' ').split(/\s+/))
    for (const line of lines) {
      if (displayWidth(line) > width) expect(line.trim().split(/ +/).length).toBeLessThanOrEqual(2)
      for (const word of line.trim().split(/\s+/)) if (line.startsWith('  authsock')) expect(words.has(word)).toBe(true)
    }
  })
})
