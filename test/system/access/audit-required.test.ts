// A disk that takes no more, or that cannot be written: with `audit = "required"` nothing leaves by any way, and it is said why;
// with "on" everything is served, and it is said once. Real file systems, full or read-only.

import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { verifyAudit } from '../../../src/audit/verify.ts'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home, type HttpAnswer } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { describeWith, isLinux, isRoot, programs } from '../../support/real-part.ts'

describeWith({ ...programs('mount', 'umount'), Linux: isLinux, root: isRoot }, 'an audit log that cannot be written', () => {
  let server: AuthorizationServer
  let home: Home
  let agent: { log: () => string }
  const state = (): string => join(home.path, 'state')
  const log = (): string => join(state(), 'authsock', 'audit.log')
  const filler = (): string => join(state(), 'filler')

  beforeEach(async () => {
    server = await startAuthorizationServer()
    home = new Home()
    mkdirSync(state(), { mode: 0o700 })
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=0700', 'tmpfs', state()])
    configure('on')
    agent = await home.startAgent(['--log', 'quiet'])
    expect((await logIn(home, server)).code).toBe(0)
    expect(
      (await home.run(['secret', 'add', 'pat', '--url', 'https://pat.example.com', '--stdin'], { stdin: 'canary-secret' })).code,
    ).toBe(0)
    expect((await home.run(['share', 'create', 'devbox', '--all-scopes', '--secret', 'pat', '--profile', 'work'])).code).toBe(0)
  })

  afterEach(async () => {
    await home.run(['stop'])
    execFileSync('umount', ['-l', state()])
    await home.close()
    await server.close()
  })

  function configure(audit: string): void {
    home.config(`audit = "${audit}"\n${workProfile(server)}\n[[route]]\nurl = "https://git.example.com"\nprofile = "work"\n`)
  }

  async function require(): Promise<void> {
    configure('required')
    await pause(1_100)
  }

  const breakages = {
    full: {
      now: () => {
        for (const size of [1024 * 1024, 4096, 512]) {
          try {
            for (let at = 0; ; at++) writeFileSync(`${filler()}-${size}-${at}`, Buffer.alloc(size))
          } catch {
            // As much as fitted is there.
          }
        }
      },
      mended: () => execFileSync('sh', ['-c', `rm -f '${filler()}'-*`]),
    },
    'read-only': {
      now: () => execFileSync('mount', ['-o', 'remount,ro', state()]),
      mended: () => execFileSync('mount', ['-o', 'remount,rw', state()]),
    },
  } as const

  const share = (): string => join(home.socket, '..', 'shares', 'devbox', 'agent.sock')

  /** Every way by which something leaves, by both channels. */
  async function everyWay(): Promise<
    readonly (readonly [string, HttpAnswer | { code: number | null; stdout: string; stderr: string }])[]
  > {
    const ask = (host: string) => ({ stdin: `protocol=https\nhost=${host}\n\n` })
    const client = { AUTHSOCK: share() }
    return [
      ['token', await home.http('GET', '/v1/token?profile=work')],
      ['token by the share', await home.http('GET', '/v1/token', { socket: share() })],
      ['git', await home.run(['git', 'get'], ask('git.example.com'))],
      ['git by the share', await home.run(['git', 'get'], { ...ask('git.example.com'), env: client })],
      ['secret', await home.run(['git', 'get'], ask('pat.example.com'))],
      ['secret by the share', await home.run(['git', 'get'], { ...ask('pat.example.com'), env: client })],
      ['header', await home.run(['header', 'work'])],
    ]
  }

  test.each(['full', 'read-only'] as const)(
    'L6 %s: required',
    async (kind) => {
      const breakage = breakages[kind]
      await require()
      const before = readFileSync(log(), 'utf8')
      breakage.now()
      // Of the log's last page something may be left, for the shortest line at least.
      const leaves = async () => (await home.http('GET', '/v1/token?profile=work')).status === 200
      const someLeave = async () =>
        (await everyWay()).some(([, answer]) => ('status' in answer ? answer.status === 200 : answer.code === 0))
      for (let tries = 0; (await leaves()) || (await someLeave()); tries++) expect(tries).toBeLessThan(30)
      for (const [way, answer] of await everyWay()) {
        const said = 'status' in answer ? answer.text : `${answer.stdout}${answer.stderr}`
        expect([way, said]).toEqual([
          way,
          expect.stringMatching(/audit log .* cannot be written.* config\.toml has audit = \\?"required/s),
        ])
        expect(said).not.toMatch(/canary-secret|password=|access_token/)
        if ('status' in answer) expect([way, answer.status]).toEqual([way, 507])
      }
      const doctor = await home.run(['doctor'])
      expect(doctor.stdout).toMatch(/audit log .* cannot be written/)
      expect((await home.run(['status', '--json'])).stdout).toContain('cannot be written')
      expect(agent.log().match(/audit log .* cannot be written/g)).toHaveLength(1)
      breakage.mended()
      for (const [way, answer] of await everyWay()) {
        expect([way, 'status' in answer ? answer.status : answer.code]).toEqual([way, 'status' in answer ? 200 : 0])
      }
      expect((await home.run(['status', '--json'])).stdout).not.toContain('cannot be written')
      const { problems, lines } = await verifyAudit(log())
      expect([problems, lines > before.split('\n').length + 4]).toEqual([[], true])
      expect(readFileSync(log(), 'utf8').startsWith(before)).toBe(true)
    },
    300_000,
  )

  test.each(['full'] as const)(
    'L6 %s: on',
    async (kind) => {
      const breakage = breakages[kind]
      breakage.now()
      for (let round = 0; round < 40; round++) expect((await home.http('GET', '/v1/token?profile=work')).status).toBe(200)
      await expect.poll(() => agent.log().match(/audit log .* cannot be written/g)?.length).toBe(1)
      // A short line may still have fitted, and all was well again.
      const doctor = async (): Promise<string> => {
        expect((await home.http('GET', '/v1/token?profile=work')).status).toBe(200)
        return (await home.run(['doctor'])).stdout
      }
      await expect.poll(doctor).toMatch(/audit log .* cannot be written/)
      breakage.mended()
      rmSync(filler(), { force: true })
      expect((await home.http('GET', '/v1/token?profile=work')).status).toBe(200)
      await expect.poll(async () => (await home.run(['status', '--json'])).stdout.includes('cannot be written')).toBe(false)
      expect((await verifyAudit(log())).problems).toEqual([])
    },
    300_000,
  )
})
