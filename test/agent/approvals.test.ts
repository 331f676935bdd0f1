// `ask` rules with real requests, a real command that prompts, and the command line as the other way to answer.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Approvals } from '../../src/agent/approvals.ts'
import type { Question, Rule, Ruling } from '../../src/core/rules.ts'
import type { ApprovalStatus } from '../../src/wire/messages.ts'
import { type AuthorizationServer, startAuthorizationServer } from '../support/authorization-server.ts'
import { Home } from '../support/home.ts'
import { logIn, workProfile } from '../support/login.ts'

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
    expect((await home.run(['token', 'work', '--scope', 'write'])).stderr).toContain('rule 1 denies it: node')
    expect((await home.run(['token', 'work', '--scope', 'write'])).code).toBe(6)
    expect((await home.run(['token', 'work', '--scope', 'read'])).code).toBe(0)
    expect((await home.run(['header', 'work', '--scope', 'write'])).code).toBe(6)
    expect((await home.run(['audit', '--event', 'refused'])).stdout).toContain('denied')
  }, 60_000)

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
      text: expect.stringContaining("asks for a token of 'work' (write)"),
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
    expect((await home.run(['approve'])).stderr).toContain('nothing waits')
    expect((await home.run(['approve', 'nonsense'])).code).toBe(2)
  }, 60_000)

  test.each([
    ['exit 0', 200],
    ['echo allow 3600', 200],
    ['echo session', 200],
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
      expect(readFileSync(told, 'utf8')).toContain("asks for a token of 'work'")
      expect(await waiting()).toEqual([])
    },
    60_000,
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
    60_000,
  )
})

describe('times', () => {
  const question: Question = {
    profile: 'work',
    target: {},
    visitor: { caller: { isKnown: false, parents: [] }, door: { kind: 'main' } },
  }
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
  const make = () =>
    new Approvals({
      clock,
      newId: () => String((ids += 1)),
      requested: () => {},
      settled: () => {},
      prompt: async () => undefined,
      cannotPrompt: () => {},
      write: async (rule, before) => {
        written.push({ rule, before })
        return { config: 'config.toml', rule: 1, line: 1, text: '' }
      },
      lasting: () => {},
    })

  test('nobody answers: a no after a while; it is asked again the next time', async () => {
    const approvals = make()
    const asked = approvals.approve(question, { verdict: 'ask' })
    advance(119_000)
    expect(approvals.list()).toHaveLength(1)
    advance(2_000)
    await expect(asked).rejects.toMatchObject({ code: 'approval_declined' })
    void approvals.approve(question, { verdict: 'ask' }).catch(() => {})
    expect(approvals.list()).toHaveLength(1)
  })

  test('a no is not asked again at once, a yes for as long as it was given, or the rule says', async () => {
    const approvals = make()
    const asked = approvals.approve(question, { verdict: 'ask' })
    void approvals.answer(approvals.list()[0]?.id ?? '', { decision: 'deny' })
    await expect(asked).rejects.toMatchObject({ code: 'approval_declined' })
    await expect(approvals.approve(question, { verdict: 'ask' })).rejects.toMatchObject({ code: 'approval_declined' })
    expect(approvals.list()).toEqual([])
    advance(11_000)
    const ruling: Ruling = { verdict: 'ask', rule: { verdict: 'ask', lifetime: 60 } }
    const lasting = approvals.approve(question, ruling)
    void approvals.answer(approvals.list()[0]?.id ?? '', { decision: 'allow' })
    await lasting
    advance(59_000)
    await approvals.approve(question, ruling)
    // A yes to one rule is none to another, wherever they stand.
    void approvals.approve(question, { ...ruling, rule: { verdict: 'ask', lifetime: 61 } }).catch(() => {})
    expect(approvals.list()).toHaveLength(1)
    await approvals.approve(question, { ...ruling, index: 7 })
    advance(2_000)
    void approvals.approve(question, ruling).catch(() => {})
    expect(approvals.list()).toHaveLength(2)
  })

  test('so many at once and no more', async () => {
    const approvals = make()
    for (let index = 0; index < 32; index++)
      void approvals.approve({ ...question, profile: `p${index}` }, { verdict: 'ask' }).catch(() => {})
    await expect(approvals.approve(question, { verdict: 'ask' })).rejects.toMatchObject({ code: 'too_many_requests' })
    approvals.forget()
    expect(approvals.list()).toEqual([])
  })
})
