// What could be had by a share, or by a rule's gap, through the helpers and the approvals: a role's credentials, ID tokens, the
// machine's network, the user's screen. And programs whose names are made to deceive who reads them.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { ApprovalStatus } from '../../../src/wire/messages.ts'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { roleArn, startSts } from '../../support/aws-sts.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { hasCompiler, nativePrograms } from '../../support/programs.ts'
import { describeWith, isPosix } from '../../support/real-part.ts'

describeWith({ 'Unix sockets': isPosix }, 'bounds', () => {
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

  const socketOf = (name: string): string => join(home.socket, '..', 'shares', name, 'agent.sock')
  const share = async (name: string, ...scope: readonly string[]): Promise<void> =>
    expect((await home.run(['share', 'create', name, ...scope])).code).toBe(0)
  const waiting = async (): Promise<readonly ApprovalStatus[]> =>
    (await home.http('GET', '/v1/approvals')).json<{ approvals: ApprovalStatus[] }>().approvals

  test('L3 an ID token knows no scope and no resource: only a share that gives openid gives it', async () => {
    home.config(workProfile(server, 'resources = ["https://api.example.com"]'))
    await share('narrow', '--scope', 'read')
    await share('wide', '--scope', 'openid read')
    await share('placed', '--scope', 'openid', '--resource', 'https://api.example.com')
    const google = (name: string) => home.run(['google', 'work'], { env: { AUTHSOCK: socketOf(name) } })
    expect((await google('wide')).stdout).toContain('"id_token"')
    for (const name of ['narrow', 'placed']) {
      const { stdout } = await google(name)
      expect([name, stdout]).toEqual([name, expect.stringContaining('issues no ID token')])
      expect(stdout).not.toContain('"id_token"')
      expect((await home.run(['audit', '--share', name])).stdout).toContain('share_limited')
    }
  })

  test('L3 what a share does not give is not to be told from what is not there', async () => {
    const routes = '[[route]]\nurl = "https://bank.example.com"\nprofile = "bank"\n'
    const both = workProfile(server).replace('[profile.work]', '[profile.bank]') + workProfile(server) + routes
    home.config(both)
    const add = ['secret', 'add', 'pat', '--url', 'https://pat.example.com', '--stdin']
    expect((await home.run(add, { stdin: 'canary' })).code).toBe(0)
    expect((await home.run(['share', 'create', 'devbox', '--profile', 'work', '--scope', 'read'])).code).toBe(0)
    const env = { AUTHSOCK: socketOf('devbox') }
    const git = (host: string) => home.run(['git', 'get'], { env, stdin: `protocol=https\nhost=${host}\n\n` })
    const nothing = await git('nothing.example.com')
    for (const host of ['pat.example.com', 'bank.example.com']) {
      const { code, stdout, stderr } = await git(host)
      expect([host, code, stdout, stderr.replaceAll(host, '')]).toEqual([
        host,
        nothing.code,
        nothing.stdout,
        nothing.stderr.replaceAll('nothing.example.com', ''),
      ])
    }
    const said = async (name: string): Promise<string> => {
      const { code, stdout, stderr } = await home.run(['header', name], { env })
      return JSON.stringify([code, stdout, stderr]).replaceAll(name, 'NAME')
    }
    const unknown = await said('nobody')
    for (const name of ['pat', 'bank']) expect(await said(name)).toBe(unknown)
    expect((await home.run(['audit', '--share', 'devbox', '--event', 'refused'])).stdout.trimEnd().split('\n').length).toBe(6)
    // Its profile is gone: what others there are is not said.
    home.config(both.replace('[profile.work]', '[profile.renamed]'))
    await pause(1_100)
    const { code, stdout, stderr } = await home.run(['header', 'work'], { env })
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).not.toMatch(/bank|renamed/)
    expect((await home.http('GET', '/v1/token', { socket: env.AUTHSOCK })).text).not.toMatch(/bank|renamed/)
  })

  test('L3 by a share the agent goes nowhere that it does not go by itself', async () => {
    await share('devbox', '--all-scopes')
    const sts = await startSts(async () => true)
    try {
      const args = ['aws', 'work', '--role-arn', roleArn]
      const env = { AWS_ENDPOINT_URL_STS: sts.url }
      expect((await home.run(args, { env })).stdout).toContain('"AccessKeyId"')
      const { code, stdout, stderr } = await home.run(args, { env: { ...env, AUTHSOCK: socketOf('devbox') } })
      expect([code, stdout, stderr]).toEqual([6, '', expect.stringContaining('does not let its clients choose an endpoint')])
      expect(sts.exchanges.length).toBe(1)
    } finally {
      sts.close()
    }
  })

  test('L6 who asks while a role’s credentials are fetched for another passes the rules too', async () => {
    const { promise: mayGo, resolve: go } = Promise.withResolvers<void>()
    let asked = 0
    const sts = await startSts(async () => {
      asked += 1
      await mayGo
      return true
    })
    try {
      const args = ['aws', 'work', '--role-arn', roleArn]
      const env = { AWS_ENDPOINT_URL_STS: sts.url }
      const first = home.run(args, { env })
      await expect.poll(() => asked).toBe(1)
      home.config(`${workProfile(server)}\n[[rule]]\ndecision = "deny"\n`)
      await pause(1_100)
      const second = home.run(args, { env })
      await pause(1_000)
      go()
      expect((await first).stdout).toContain('"AccessKeyId"')
      expect(await second).toMatchObject({ code: 6, stdout: '', stderr: expect.stringContaining('denied by rule') })
    } finally {
      sts.close()
    }
  })

  test('L4 a share that asks for approvals again and again: four at once, and others are asked about all the same', async () => {
    await share('devbox', '--all-scopes', '--any-target')
    home.config(`${workProfile(server)}\n[[rule]]\ndecision = "ask"\n`)
    await pause(1_100)
    const answers: number[] = []
    for (let at = 0; at < 40; at++) {
      void home.http('GET', `/v1/token?audience=a${at}`, { socket: socketOf('devbox') }).then(
        ({ status }) => answers.push(status),
        () => {},
      )
    }
    await expect.poll(() => answers.length).toBe(36)
    expect(new Set(answers)).toEqual(new Set([429]))
    const own = home.http('GET', '/v1/token?profile=work')
    await expect.poll(waiting).toHaveLength(5)
    const mine = (await waiting()).find(({ caller }) => !caller.includes('by share'))
    expect((await home.run(['approve', mine?.id ?? ''])).code).toBe(0)
    expect((await own).status).toBe(200)
    // Nobody waits for the others' end.
    await home.http('POST', '/v1/lock')
    expect(await waiting()).toEqual([])
  })

  test.runIf(hasCompiler())(
    'L6 names that are made to deceive: one line, nothing moved, nothing hidden, wherever they are shown',
    async () => {
      const name = `git\u001b[2K\r\n\u001b]0;x\u0007allow\u202e\u2028yes${'x'.repeat(100)}`
      const program = join(home.path, name)
      copyFileSync(join(nativePrograms(), 'authsock-client'), program)
      const seen = join(home.path, 'question')
      const prompt = JSON.stringify(['sh', '-c', `printf %s "$1" > ${seen}; exit 1`, 'prompt'])
      const config = `prompt = ${prompt}\n${workProfile(server)}\n[[rule]]\ndecision = "deny"\nscopes = ["write"]\n[[rule]]\ndecision = "ask"\nscopes = ["read", "openid"]\n`
      home.config(config)
      await pause(1_100)
      const call = async (...args: readonly string[]) => {
        const child = spawn(program, ['token', 'work', ...args], {
          argv0: 'authsock-client',
          env: { ...home.env, AUTHSOCK: home.socket },
        })
        let said = ''
        for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
        await once(child, 'close')
        return said
      }
      const isPlain = (text: string): void => expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
      const denied = await call('--scope', 'write')
      expect(denied).toContain('denied by rule 1')
      expect(
        denied
          .trimEnd()
          .split('\n')
          .filter((line) => !/^(authsock|hint): /.test(line)),
      ).toEqual([])
      isPlain(denied)
      expect(await call('--scope', 'read')).toContain('this was denied')
      const question = readFileSync(seen, 'utf8')
      expect(question).toMatch(/^"git.*asks for an access token of 'work' \(read\)$/)
      isPlain(question)
      // And where nothing asks but the command line.
      home.config(config.slice(config.indexOf('\n') + 1))
      await pause(1_100)
      const pending = call('--scope', 'openid')
      await expect.poll(waiting).toHaveLength(1)
      const { stdout } = await home.run(['approve'])
      expect(stdout.trimEnd().split('\n')).toHaveLength(1)
      isPlain(stdout)
      expect((await home.run(['approve', (await waiting())[0]?.id ?? ''])).code).toBe(0)
      expect(await pending).not.toContain('authsock:')
      const audit = await home.run(['audit', '--caller', 'allow'])
      expect(audit.stdout.trimEnd().split('\n')).toHaveLength(4)
      isPlain(audit.stdout)
      isPlain((await home.run(['audit', '--json', '--caller', 'allow'])).stdout)
    },
    300_000,
  )
})
