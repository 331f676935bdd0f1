// `ask` rules with real requests, a real command that prompts, and the command line as the other way to answer.

import { spawn } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Approvals, type ApprovalsPorts } from '../../../src/agent/access/approvals.ts'
import type { AccessRequest } from '../../../src/core/access/access-request.ts'
import type { Rule, RuleMatch } from '../../../src/core/access/rules.ts'
import type { ApprovalStatus } from '../../../src/wire/messages.ts'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { describeWith, programs } from '../../support/real-part.ts'
import { Tmux } from '../../support/tmux.ts'

describe('rules', () => {
  let server: AuthorizationServer
  let home: Home

  beforeAll(async () => {
    server = await startAuthorizationServer()
  })

  afterAll(() => server.close())

  beforeEach(async () => {
    home = new Home()
    home.config(workProfile(server))
    expect((await logIn(home, server)).code).toBe(0)
  })

  afterEach(() => home.close())

  const rules = (text: string): void => home.config(`${text}\n${workProfile(server)}`)
  const waiting = async (): Promise<readonly ApprovalStatus[]> =>
    (await home.http('GET', '/v1/approvals')).json<{ approvals: ApprovalStatus[] }>().approvals

  /** The file is looked at once a second. */
  const heeded = (): Promise<void> => pause(1_100)

  test('deny: refused with the rule, by every way, and audited', async () => {
    rules('[[rule]]\ndecision = "deny"\nprofile = "work"\nscopes = ["write"]\n')
    await heeded()
    expect((await home.run(['token', 'work', '--scope', 'write'])).stderr).toContain('denied by rule 1: node')
    expect((await home.run(['token', 'work', '--scope', 'write'])).code).toBe(6)
    expect((await home.run(['token', 'work', '--scope', 'read'])).code).toBe(0)
    expect((await home.run(['header', 'work', '--scope', 'write'])).code).toBe(6)
    expect((await home.run(['audit', '--event', 'refused'])).stdout).toContain('denied')
  })

  test('ask: once for all that wait; nobody else waits; a yes for a time', async () => {
    rules('[[rule]]\ndecision = "ask"\nscopes = ["write"]\n')
    await heeded()
    const asked = Array.from({ length: 10 }, () => home.http('GET', '/v1/token?profile=work&scope=write'))
    await expect.poll(waiting).toHaveLength(1)
    expect((await home.http('GET', '/v1/token?profile=work&scope=read')).status).toBe(200)
    const [approval] = await waiting()
    expect(approval).toMatchObject({
      profile: 'work',
      scope: 'write',
      rule: 1,
      text: expect.stringContaining("asks for an access token of 'work' (write)"),
    })
    const shown = await home.run(['approve'])
    expect(shown.stdout).toContain(approval?.id)
    expect((await home.run(['approve', approval?.id ?? '', '--for', '1h'])).code).toBe(0)
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200))
    expect((await home.http('GET', '/v1/token?profile=work&scope=write')).status).toBe(200)
    // What was granted ends with the lock.
    await home.http('POST', '/v1/lock')
    await home.http('POST', '/v1/unlock')
    const again = home.http('GET', '/v1/token?profile=work&scope=write')
    await expect.poll(waiting).toHaveLength(1)
    expect((await home.run(['approve', (await waiting())[0]?.id ?? '', '--deny'])).code).toBe(0)
    expect((await again).json()).toMatchObject({ code: 'approval_declined', exit_code: 6 })
    expect((await home.run(['approve'])).stderr).toContain('no request needs approval')
    expect((await home.run(['approve', 'nonsense'])).code).toBe(2)
  })

  test('always: by the command line, written before the rule that asked, for all who wait, and taken back', async () => {
    const asking = '# mine\n[[rule]]\ndecision = "ask"\nscopes = ["write"]\n'
    rules(asking)
    await heeded()
    const asked = Array.from({ length: 5 }, () => home.http('GET', '/v1/token?profile=work&scope=write'))
    await expect.poll(waiting).toHaveLength(1)
    const [approval] = await waiting()
    expect(approval).toMatchObject({ executable: expect.stringMatching(/^\/.*node$/) })
    const { code, stderr } = await home.run(['approve', approval?.id ?? '', '--always'])
    expect([code, stderr]).toEqual([0, expect.stringContaining(`allowed always: wrote rule 1 at line 2 of ${home.configFile}`)])
    expect(stderr).toMatch(
      / {4}\[\[rule\]\]\n {4}decision = "allow"\n {4}credential = "access_token"\n {4}profile = "work"\n {4}scopes = \["write"\]\n/,
    )
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    expect((await home.http('GET', '/v1/token?profile=work&scope=write')).status).toBe(200)
    const mine = `--pid=${process.pid}`
    expect((await home.run(['rule', 'test', 'work', '--scope', 'write', mine])).stdout).toMatch(/^allow, by rule 1: allow /)
    const other = await home.run(['rule', 'test', 'work', '--scope', 'write', '--executable', '/usr/bin/make'])
    expect(other.stdout).toBe('ask, by rule 2: ask scopes write\n')
    expect(other.stderr).toBe(
      `make asks for an access token of 'work' (write)\n  rule 1 does not match: executable is /usr/bin/make, not ${process.execPath}\n`,
    )
    expect((await home.run(['rule', 'remove', '1'])).stderr).toContain(
      'removed rule 1: allow credential access_token, profile work',
    )
    expect(readFileSync(home.configFile, 'utf8')).toMatch(/^# answered 'always' on .*\n\n?# mine\n\[\[rule\]\]\ndecision = "ask"/)
    await heeded()
    const again = home.http('GET', '/v1/token?profile=work&scope=write')
    await expect.poll(waiting).toHaveLength(1)
    const denied = await home.run(['approve', (await waiting())[0]?.id ?? '', '--deny', '--always', '--json'])
    expect(JSON.parse(denied.stdout)).toMatchObject({ remembered: 'always', rule: 1, text: expect.stringContaining('"deny"') })
    expect((await again).json()).toMatchObject({ code: 'approval_declined' })
    expect((await home.http('GET', '/v1/token?profile=work&scope=write')).json()).toMatchObject({ code: 'denied' })
  })

  test('always, where it cannot be written: it counts for the session, and that is said', async () => {
    rules('[[rule]]\ndecision = "ask"\nscopes = ["write"]\n')
    await heeded()
    const ask = () => home.http('GET', '/v1/token?profile=work&scope=write')
    const asked = ask()
    await expect.poll(waiting).toHaveLength(1)
    chmodSync(home.configFile, 0o444)
    const before = readFileSync(home.configFile, 'utf8')
    const { code, stderr } = await home.run(['approve', (await waiting())[0]?.id ?? '', '--always'])
    expect([code, stderr]).toEqual([0, expect.stringContaining('allowed until the vault is locked or the agent stops; no rule')])
    expect(stderr).toContain(`${home.configFile} is read-only`)
    expect([(await asked).status, (await ask()).status]).toEqual([200, 200])
    expect(readFileSync(home.configFile, 'utf8')).toBe(before)
    await home.http('POST', '/v1/lock')
    await home.http('POST', '/v1/unlock')
    const again = ask()
    await expect.poll(waiting).toHaveLength(1)
    // The rule is another one by now.
    chmodSync(home.configFile, 0o600)
    rules('[[rule]]\ndecision = "ask"\nscopes = ["write", "read"]\n')
    const changed = readFileSync(home.configFile, 'utf8')
    const answer = await home.http('POST', `/v1/approvals/${(await waiting())[0]?.id}`, {
      body: { decision: 'deny', remember: 'always' },
    })
    expect([answer.status, answer.json()]).toEqual([
      200,
      { remembered: 'session', detail: 'the rule that asked is no longer in config.toml' },
    ])
    expect((await again).status).toBe(403)
    expect(readFileSync(home.configFile, 'utf8')).toBe(changed)
  })

  describeWith(programs('tmux'), 'in a terminal', () => {
    test('Enter alone is a no; a letter for each other answer', async () => {
      rules('[[rule]]\ndecision = "ask"\nscopes = ["write"]\n')
      await heeded()
      const ask = () => home.http('GET', '/v1/token?profile=work&scope=write')
      const terminal = new Tmux(home)
      try {
        const answer = async (words: string, seen: RegExp): Promise<number> => {
          const asked = ask()
          await expect.poll(waiting).toHaveLength(1)
          terminal.type('approve')
          await terminal.see(/program: \/.*node[^]*allow\? /)
          terminal.send(words)
          await terminal.see(seen)
          return (await asked).status
        }
        expect(await answer('y', /allowed\nrc=0/)).toBe(200)
        expect(await answer('', /denied\nrc=0/)).toBe(403)
        // A no is not asked again for ten seconds.
        await pause(10_500)
        expect(await answer('a', /allowed always: wrote rule 1[^]*rule remove 1[^]*rc=0/)).toBe(200)
        expect((await ask()).status).toBe(200)
      } finally {
        terminal.close()
      }
    })
  })

  test('the front end of protocol/README.md', async () => {
    rules('[[rule]]\ndecision = "ask"\nscopes = ["write"]\n')
    await heeded()
    const [code = ''] =
      /(?<=```ts\n)import [^]*?(?=```)/.exec(readFileSync(new URL('../../../protocol/README.md', import.meta.url), 'utf8')) ?? []
    const file = join(home.path, 'front-end.mjs')
    writeFileSync(
      file,
      code.replace("'authsock/client'", JSON.stringify(new URL('../../../src/client/index.ts', import.meta.url).href)),
    )
    const first = home.http('GET', '/v1/token?profile=work&scope=write')
    await expect.poll(waiting).toHaveLength(1)
    const child = spawn(process.execPath, [file], { env: home.env, stdio: ['pipe', 'pipe', 'inherit'] })
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    try {
      await expect.poll(() => said).toContain("asks for an access token of 'work' (write). Allow? [y/N/always] ")
      child.stdin.write('y\n')
      expect((await first).status).toBe(200)
      said = ''
      const second = home.http('GET', '/v1/token?profile=work&scope=write')
      await expect.poll(() => said).toContain('Allow?')
      child.stdin.write('always\n')
      expect((await second).status).toBe(200)
      await expect.poll(() => said).toContain(`line 2 of ${home.configFile}`)
    } finally {
      child.kill('SIGKILL')
    }
  })

  test('events say what was asked, what was answered, and what was written', async () => {
    rules('[[rule]]\ndecision = "ask"\nscopes = ["write"]\n')
    await heeded()
    const watching = home.spawn(['events', '--json'])
    let seen = ''
    watching.stdout?.on('data', (chunk: Buffer) => {
      seen += chunk.toString()
    })
    await expect.poll(() => seen).toContain('"hello"')
    const asked = home.http('GET', '/v1/token?profile=work&scope=write')
    await expect.poll(waiting).toHaveLength(1)
    const [approval] = await waiting()
    const answer = await home.http('POST', `/v1/approvals/${approval?.id}`, { body: { decision: 'allow', remember: 'always' } })
    expect((await asked).status).toBe(200)
    await expect.poll(() => seen).toContain('approval_remembered')
    const events = seen
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(events.slice(1)).toEqual([
      { at: expect.any(Number), type: 'approval_requested', approval },
      { at: expect.any(Number), type: 'approval_settled', id: approval?.id, decision: 'allow' },
      { at: expect.any(Number), type: 'approval_remembered', id: approval?.id, ...answer.json() },
    ])
  })

  test('answers that contradict themselves', async () => {
    rules('[[rule]]\ndecision = "ask"\nscopes = ["write"]\n')
    await heeded()
    expect((await home.run(['approve', 'x', '--session', '--for', '1h'])).stderr).toContain(
      '--for, --session and --always exclude each other',
    )
    expect((await home.run(['approve', 'x', '--for', 'soon'])).code).toBe(2)
  })

  test('rule add: where it is to be, with the values that a rule can have; rule remove', async () => {
    const add = (...args: readonly string[]) => home.run(['rule', 'add', ...args])
    expect((await add('--decision', 'ask', '--profile', 'work', '--lifetime', '8h')).stderr).toContain('added rule 1 at line 6')
    expect((await add('--decision', 'deny', '--scope', 'write read', '--share', 'any', '--first')).code).toBe(0)
    expect((await add('--decision', 'allow', '--profile', 'nobody', '--before', '2')).stderr).toContain(
      "there is no profile and no known static secret 'nobody'",
    )
    const { stdout } = await home.run(['rule', 'list'])
    expect(stdout.split('\n')).toEqual([
      '#   DECISION   REQUESTS',
      '1   deny       scopes read write, share any',
      '2   allow      profile nobody',
      '3   ask        profile work (an approval is valid for 8 h)',
      '',
    ])
    for (const [args, complaint] of [
      [['--decision', 'perhaps'], "--decision is 'perhaps', not one of allow, ask, deny"],
      [['--decision', 'ask', '--container', 'box'], "'container' must be any, none, or at least 12 digits of an id, not 'box'"],
      [['--decision', 'ask', '--before', '9'], 'no rule 9'],
      [['--decision', 'ask', '--before', '0'], "the rule is '0', not the number of a rule"],
      [['--decision', 'ask', '--before', '1', '--first'], '--first and --before exclude each other'],
      [['--decision', 'deny', '--lifetime', '8h'], "'lifetime' has an effect only with decision ask"],
      [['--profile', 'work'], 'decision'],
    ] as const) {
      const refused = await add(...args)
      expect([args, refused.code, refused.stderr]).toEqual([args, 2, expect.stringContaining(complaint)])
    }
    expect((await home.run(['rule', 'remove', '2', '--json'])).stdout).toBe(
      '{"rule":2,"removed":{"decision":"allow","profile":"nobody"}}\n',
    )
    expect((await home.run(['rule', 'remove', '3'])).stderr).toContain('no rule 3')
    expect((await home.run(['rule', 'test', 'work', '--pid', '4194305'])).stderr).toContain('no process 4194305 can be inspected')
    expect((await home.run(['rule', 'test', 'work', '--pid', '1', '--container', 'any'])).code).toBe(2)
  })

  test.each([
    ['exit 0', 200],
    ['echo allow 3600', 200],
    ['echo session', 200],
    ['echo always', 200],
    ['echo deny always', 403],
    ['echo deny', 403],
    ['exit 1', 403],
  ])(
    'a command that asks: %s',
    async (script, status) => {
      const prompt = join(home.path, 'prompt.sh')
      const told = join(home.path, 'told')
      writeFileSync(prompt, `#!/bin/sh\nprintf '%s' "$2" > ${told}\n${script}\n`, { mode: 0o755 })
      rules(`prompt = [${JSON.stringify(prompt)}, "--"]\n[[rule]]\ndecision = "ask"\nprofile = "work"\n`)
      await heeded()
      expect((await home.http('GET', '/v1/token?profile=work')).status).toBe(status)
      expect(existsSync(told)).toBe(true)
      expect(readFileSync(told, 'utf8')).toContain("asks for an access token of 'work'")
      expect(await waiting()).toEqual([])
    },
    300_000,
  )

  test.each([
    ['is not there', '"/nowhere/prompt"'],
    ['dies', '"/bin/sh", "-c", "kill -9 $$"'],
  ])(
    'a command that %s: the other way is left',
    async (_, command) => {
      rules(`prompt = [${command}]\n[[rule]]\ndecision = "ask"\n`)
      await heeded()
      const asked = home.http('GET', '/v1/token?profile=work')
      await expect.poll(waiting).toHaveLength(1)
      await home.run(['approve', (await waiting())[0]?.id ?? ''])
      expect((await asked).status).toBe(200)
    },
    300_000,
  )
})

describe('times', () => {
  const question: AccessRequest = {
    credential: { kind: 'access_token', profile: 'work' },
    target: {},
    requester: { caller: { container: { kind: 'unknown' }, parents: [] }, channel: { kind: 'main' } },
  }
  const ask: RuleMatch = { index: 0, rule: { decision: 'ask' } }
  let now = 0
  const timers: { at: number; callback: () => void }[] = []
  const clock = {
    now: () => now,
    after: (delay: number, callback: () => void) => {
      const timer = { at: now + delay, callback }
      timers.push(timer)
      return () => void timers.splice(timers.indexOf(timer), 1)
    },
  }
  const advance = (by: number): void => {
    now += by
    for (const timer of timers.filter(({ at }) => at <= now)) timer.callback()
  }
  let ids = 0
  const written: { readonly rule: Rule; readonly before: Rule }[] = []
  const shown: { readonly text: string; readonly close: () => void }[] = []
  const make = (more: Partial<ApprovalsPorts> = {}) =>
    new Approvals({
      clock,
      newId: () => String((ids += 1)),
      mayAsk: () => true,
      requested: () => {},
      settled: () => {},
      prompt: async () => undefined,
      cannotPrompt: () => {},
      write: async (rule, before) => {
        written.push({ rule, before })
        return { config: 'config.toml', rule: 1, line: 1, text: '' }
      },
      lasting: () => {},
      ...more,
    })

  test('nobody answers: a no after a while; it is asked again the next time', async () => {
    const approvals = make()
    const asked = approvals.approve(question, ask)
    advance(119_000)
    expect(approvals.list()).toHaveLength(1)
    advance(2_000)
    await expect(asked).rejects.toMatchObject({ code: 'approval_declined' })
    void approvals.approve(question, ask).catch(() => {})
    expect(approvals.list()).toHaveLength(1)
  })

  test('a no is not asked again at once, a yes for as long as it was given, or the rule says', async () => {
    const approvals = make()
    const asked = approvals.approve(question, ask)
    void approvals.answer(approvals.list()[0]?.id ?? '', { decision: 'deny' })
    await expect(asked).rejects.toMatchObject({ code: 'approval_declined' })
    await expect(approvals.approve(question, ask)).rejects.toMatchObject({ code: 'approval_declined' })
    expect(approvals.list()).toEqual([])
    advance(11_000)
    const match: RuleMatch = { index: 0, rule: { decision: 'ask', lifetime: 60 } }
    const lasting = approvals.approve(question, match)
    void approvals.answer(approvals.list()[0]?.id ?? '', { decision: 'allow' })
    await lasting
    advance(59_000)
    await approvals.approve(question, match)
    // A yes to one rule is none to another, wherever they stand.
    void approvals.approve(question, { ...match, rule: { decision: 'ask', lifetime: 61 } }).catch(() => {})
    expect(approvals.list()).toHaveLength(1)
    await approvals.approve(question, { ...match, index: 7 })
    advance(2_000)
    void approvals.approve(question, match).catch(() => {})
    expect(approvals.list()).toHaveLength(2)
  })

  test('S9 a share that has asked too often asks no more, though each was denied; the main socket does', async () => {
    let left = 2
    const approvals = make({ mayAsk: () => (left -= 1) >= 0 })
    const caller = { container: { kind: 'none' }, parents: [] } as const
    const byShare = (audience: string): AccessRequest => ({
      ...question,
      target: { audience },
      requester: { caller, channel: { kind: 'share', share: 'devbox' } },
    })
    for (const audience of ['a', 'b']) {
      const asked = approvals.approve(byShare(audience), ask)
      void approvals.answer(approvals.list()[0]?.id ?? '', { decision: 'deny' })
      await expect(asked).rejects.toMatchObject({ code: 'approval_declined' })
    }
    for (let round = 0; round < 50; round++) {
      await expect(approvals.approve(byShare(`c${round}`), ask)).rejects.toMatchObject({ code: 'too_many_requests' })
    }
    void approvals.approve(question, ask).catch(() => {})
    expect(approvals.list()).toHaveLength(1)
  })

  test('one window for each who asks; the next when that one is gone', async () => {
    const approvals = make({
      prompt: ({ text }, signal) =>
        new Promise((resolve) => {
          const close = () => resolve(undefined)
          shown.push({ text, close })
          signal.addEventListener('abort', close)
        }),
    })
    const from = (executable: string, audience: string): AccessRequest => ({
      ...question,
      target: { audience },
      requester: { caller: { container: { kind: 'none' }, parents: [], executable }, channel: { kind: 'main' } },
    })
    for (const audience of ['a', 'b', 'c']) void approvals.approve(from('/bin/flood', audience), ask).catch(() => {})
    void approvals.approve(from('/bin/calm', 'a'), ask).catch(() => {})
    const texts = () => shown.map(({ text }) => text.replace(/ asks.*\(/, ' ('))
    expect(texts()).toEqual(['flood (a)', 'calm (a)'])
    // Answered elsewhere; then one that dies.
    void approvals.answer(approvals.list()[0]?.id ?? '', { decision: 'allow' })
    await expect.poll(texts).toEqual(['flood (a)', 'calm (a)', 'flood (b)'])
    shown[2]?.close()
    await expect.poll(texts).toEqual(['flood (a)', 'calm (a)', 'flood (b)', 'flood (c)'])
    expect(approvals.list()).toHaveLength(3)
    // In a container, and by a share, a program's name is whatever somebody calls it.
    for (const executable of ['/x', '/y']) {
      const caller = { container: { kind: 'none' }, parents: [], executable } as const
      const boxed = {
        caller: { ...caller, container: { kind: 'inside', id: '0123456789abcdef' } },
        channel: { kind: 'main' },
      } as const
      const shared = { caller, channel: { kind: 'share', share: 'box' } } as const
      for (const requester of [boxed, shared]) void approvals.approve({ ...question, requester }, ask).catch(() => {})
    }
    expect(texts().slice(4)).toEqual([expect.stringMatching(/^x, in container/), expect.stringMatching(/^x, by share box/)])
    approvals.forget()
    expect(approvals.list()).toEqual([])
  })

  test('so many at once and no more', async () => {
    const approvals = make()
    for (let index = 0; index < 32; index++)
      void approvals.approve({ ...question, credential: { kind: 'access_token', profile: `p${index}` } }, ask).catch(() => {})
    await expect(approvals.approve(question, ask)).rejects.toMatchObject({ code: 'too_many_requests' })
    approvals.forget()
    expect(approvals.list()).toEqual([])
  })
})
