// `ask` rules on a real screen: the programs that a desktop has for questions, and somebody who presses their buttons.

import { execFile } from 'node:child_process'
import { copyFileSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { promptProgramsOf } from '../../../src/platform/desktop/prompt-programs.ts'
import type { ApprovalStatus } from '../../../src/wire/messages.ts'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Desktop, desktopPrograms, onlyPrograms } from '../../support/desktop.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { describeWith, findProgram, programs } from '../../support/real-part.ts'
import { UserManager, userManagerParts } from '../../support/user-manager.ts'

let server: AuthorizationServer
let home: Home
let desktop: Desktop

beforeAll(async () => {
  server = await startAuthorizationServer()
})

afterAll(() => server.close())

/** An agent on a desktop that has these programs, and asks before a token leaves. */
async function on(...names: readonly string[]): Promise<void> {
  home.env['PATH'] = onlyPrograms(home.path, ...names)
  home.config(workProfile(server))
  await home.startAgent([], { ...home.env, ...desktop.env })
  expect((await logIn(home, server)).code).toBe(0)
  home.config(`# mine\n${workProfile(server)}\n# production is dear\n[[rule]]\ndecision = "ask"\nscopes = ["write"]\n`)
  // The file is looked at once a second.
  await pause(1_100)
}

const ask = (query = 'scope=write') => home.http('GET', `/v1/token?profile=work&${query}`)
const waiting = async (): Promise<readonly ApprovalStatus[]> =>
  (await home.http('GET', '/v1/approvals')).json<{ approvals: ApprovalStatus[] }>().approvals

beforeEach(async () => {
  home = new Home()
})

afterEach(async () => {
  await home.close()
  await desktop.close()
})

/** The process that asks. */
const pidOf = (name: string): number | undefined =>
  readdirSync('/proc')
    .map(Number)
    .find((pid) => {
      try {
        return (
          readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === name.slice(0, 15) &&
          readFileSync(`/proc/${pid}/environ`, 'utf8').includes(home.path)
        )
      } catch {
        return false
      }
    })

describeWith(programs(...desktopPrograms, 'zenity'), 'zenity', () => {
  beforeEach(async () => {
    desktop = await Desktop.start(home.path)
    await on('zenity')
  })

  test.each([['space'], ['Return']])(
    'whoever types %s as the window comes has allowed nothing',
    async (key) => {
      const asked = ask()
      await desktop.type(key)
      expect((await asked).json()).toMatchObject({ code: 'approval_declined' })
      expect(await desktop.windows()).toEqual([])
      expect((await ask('scope=read')).status).toBe(200)
    },
    300_000,
  )

  test('Allow: once, for all that wait, by one window; the next is asked again', async () => {
    const asked = Array.from({ length: 5 }, () => ask())
    await expect.poll(() => desktop.windows()).toHaveLength(1)
    expect((await ask('scope=read')).status).toBe(200)
    await desktop.type('Right', 'space')
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    const again = ask()
    await desktop.type('Escape')
    expect((await again).status).toBe(403)
  })

  test('Allow for 8 hours: no window after that, until the vault is locked', async () => {
    const asked = ask()
    await desktop.type('Left', 'Left', 'space')
    expect((await asked).status).toBe(200)
    expect((await ask()).status).toBe(200)
    await home.http('POST', '/v1/lock')
    await home.http('POST', '/v1/unlock')
    const again = ask()
    await desktop.type('Escape')
    expect((await again).status).toBe(403)
  })

  test('Always: a rule before the one that asked, for this program and no other, and still after a restart', async () => {
    const asked = ask()
    await desktop.type('Left', 'space')
    expect((await asked).status).toBe(200)
    await expect.poll(() => readFileSync(home.configFile, 'utf8')).toContain('decision = "allow"')
    const text = readFileSync(home.configFile, 'utf8')
    expect(text).toMatch(/^# mine\n\[profile\.work\]\n/)
    expect(text).toMatch(
      /\n\n# answered 'always' on \d{4}-\d\d-\d\d\n\[\[rule\]\]\ndecision = "allow"\ncredential = "access_token"\nprofile = "work"\nscopes = \["write"\]\nexecutable = "\/.*node"\nresource = "none"\naudience = "none"\ncontainer = "none"\nshare = "none"\n\n# production is dear\n\[\[rule\]\]\ndecision = "ask"\nscopes = \["write"\]\n$/,
    )
    await home.run(['stop'])
    await home.startAgent([], { ...home.env, ...desktop.env })
    expect((await ask()).status).toBe(200)
    // Another program is asked about.
    const other = promisify(execFile)(findProgram('curl') ?? 'curl', [
      '-s',
      '--unix-socket',
      home.socket,
      'http://a/v1/token?scope=write',
    ])
    await desktop.type('Escape')
    expect(JSON.parse((await other).stdout)).toMatchObject({ code: 'approval_declined' })
  })

  test('killed: it waits on, for `authsock approve`; answered there, the window goes', async () => {
    const asked = ask()
    await expect.poll(() => desktop.windows()).toHaveLength(1)
    process.kill(pidOf('zenity') ?? 0, 'SIGKILL')
    await expect.poll(() => desktop.windows()).toEqual([])
    expect(await waiting()).toHaveLength(1)
    expect((await home.run(['approve', (await waiting())[0]?.id ?? ''])).code).toBe(0)
    expect((await asked).status).toBe(200)
    const again = ask()
    await expect.poll(() => desktop.windows()).toHaveLength(1)
    expect((await home.run(['approve', (await waiting())[0]?.id ?? '', '--deny'])).code).toBe(0)
    expect((await again).status).toBe(403)
    await expect.poll(() => desktop.windows()).toEqual([])
    await expect.poll(() => pidOf('zenity')).toBeUndefined()
  })

  test('one that hangs holds up nobody, and goes when the agent stops', async () => {
    const asked = ask().catch(() => undefined)
    await expect.poll(() => desktop.windows()).toHaveLength(1)
    process.kill(pidOf('zenity') ?? 0, 'SIGSTOP')
    const others = await Promise.all(Array.from({ length: 20 }, () => ask('scope=read')))
    expect(others.every(({ status }) => status === 200)).toBe(true)
    expect((await home.run(['stop'])).code).toBe(0)
    await asked
    await expect.poll(() => pidOf('zenity')).toBeUndefined()
  })

  test('a screen that is gone has declined nothing', async () => {
    await home.run(['stop'])
    await home.startAgent([], { ...home.env, DISPLAY: ':4711' })
    const asked = ask()
    await expect.poll(waiting).toHaveLength(1)
    await pause(1_000)
    expect((await home.run(['approve', (await waiting())[0]?.id ?? ''])).code).toBe(0)
    expect((await asked).status).toBe(200)
  })
})

describeWith({ ...programs(...desktopPrograms, 'zenity', 'dunst', 'notify-send'), ...userManagerParts }, 'systemd --user', () => {
  let manager: UserManager

  afterEach(() => manager.close())

  test('an agent that was started before the desktop finds it when it is there, and says so where it is not', async () => {
    desktop = await Desktop.start(home.path)
    let shown = ''
    desktop.spawn('dunst', ['-print', '-conf', '/dev/null']).stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString()
    })
    manager = await UserManager.start(home)
    home.env['PATH'] = onlyPrograms(home.path, 'zenity', 'notify-send', 'systemctl')
    home.config(workProfile(server))
    await home.startAgent()
    expect((await logIn(home, server)).code).toBe(0)
    home.config(`${workProfile(server)}\n[[rule]]\ndecision = "ask"\nscopes = ["write"]\n`)
    await pause(1_100)
    const early = ask()
    await expect.poll(waiting).toHaveLength(1)
    await pause(1_000)
    expect(await desktop.windows()).toEqual([])
    expect((await home.run(['approve', (await waiting())[0]?.id ?? ''])).code).toBe(0)
    expect((await early).status).toBe(200)
    manager.importEnvironment(desktop.env)
    const asked = ask()
    await desktop.type('Left', 'space')
    expect((await asked).status).toBe(200)
    await expect.poll(() => shown).toContain("summary: 'authsock: a rule was written'")
  })
})

/** What a program may be called on Linux: anything but a slash. */
const hostile = 'git<b>%0ACONFIRM\nSETOK x\\n\u202e\u0007'

for (const [name, ...allow] of [
  ['zenity', 'Right', 'space'],
  ['pinentry-gtk-2', 'Tab', 'space'],
  ['pinentry-qt', 'Tab', 'space'],
  ['kdialog', 'Down', 'Return'],
] as const) {
  // kdialog brings half a desktop with it: it is tested where it is there.
  const parts = name === 'kdialog' && findProgram(name) === undefined ? {} : programs(...desktopPrograms, name, 'curl')
  if (Object.keys(parts).length === 0) continue
  describeWith(parts, `${name}: a caller with a name that is none`, () => {
    test('it is one question, with a button for yes, and Enter says no', async () => {
      desktop = await Desktop.start(home.path)
      await on(name)
      const program = join(home.path, hostile)
      copyFileSync(findProgram('curl') ?? '', program)
      const asks = () =>
        promisify(execFile)(program, ['-s', '--unix-socket', home.socket, 'http://a/v1/token?scope=write']).then(
          ({ stdout }) => JSON.parse(stdout) as Record<string, unknown>,
        )
      const first = asks()
      await desktop.type(...allow)
      expect(await first).toMatchObject({ access_token: expect.any(String) })
      expect(await desktop.windows()).toEqual([])
      const second = asks()
      await desktop.type('Return')
      expect(await second).toMatchObject({ code: 'approval_declined' })
      expect(await desktop.windows()).toEqual([])
    })
  })
}

describeWith(programs(...desktopPrograms, 'pinentry-gtk-2'), 'pinentry', () => {
  test('no screen: it says so, and nobody has declined', async () => {
    desktop = await Desktop.start(home.path)
    home.env['DISPLAY'] = ':4711'
    await on('pinentry-gtk-2')
    await home.run(['stop'])
    await home.startAgent([], { ...home.env })
    const asked = ask()
    await expect.poll(waiting).toHaveLength(1)
    await pause(1_000)
    expect((await home.run(['approve', (await waiting())[0]?.id ?? ''])).code).toBe(0)
    expect((await asked).status).toBe(200)
  })
})

test('every question is one line to pinentry, short enough, and no markup to kdialog', () => {
  desktop = { close: async () => {} } as Desktop
  const question = { text: `a\nb%\r${'\u{1f511}'.repeat(400)}`, details: ['<b>&'] }
  for (const { name, input, args } of promptProgramsOf('linux')) {
    const lines = input?.(question).split('\n') ?? []
    expect(lines.every((line) => Buffer.byteLength(line) < 1_000)).toBe(true)
    if (name.startsWith('pinentry')) {
      expect(lines.map((line) => line.split(' ')[0])).toEqual([
        'OPTION',
        'SETTITLE',
        'SETDESC',
        'SETOK',
        'SETCANCEL',
        'CONFIRM',
        'BYE',
        '',
      ])
      expect(lines[2]).toMatch(/^SETDESC a%0Ab%25%0D\u{1f511}+\u2026$/u)
    }
    if (name === 'kdialog') expect(args(question).join('\n')).toContain('<br>&lt;b&gt;&amp;</qt>')
  }
})
