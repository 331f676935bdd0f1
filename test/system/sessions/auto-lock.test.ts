// Locks by themselves (L7), notifications, and the end of everything by one command.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'

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

const vaultState = async (): Promise<string> =>
  (await home.http('GET', '/v1/status')).json<{ vault: { state: string } }>().vault.state

test('L7 quiet for as long as config.toml says: locked; a share keeps nothing open', async () => {
  home.config(`lock_after = 10\n${workProfile(server)}`)
  expect((await logIn(home, server)).code).toBe(0)
  expect((await home.run(['share', 'create', 'box', '--scope', 'read'])).code).toBe(0)
  const { socket } = (await home.http('GET', '/v1/shares/box')).json<{ socket: string }>()
  const statuses: number[] = []
  for (let tries = 0; tries < 60 && !statuses.includes(423); tries++) {
    await pause(500)
    statuses.push((await home.http('GET', '/v1/token', { socket })).status)
  }
  // Two tries a second: it stayed open for some of the ten seconds, and not for long after.
  expect(statuses.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 200))
  expect(statuses.at(-1)).toBe(423)
  expect(await vaultState()).toBe('locked')
  expect((await home.run(['unlock'])).code).toBe(0)
  expect((await home.run(['token', 'work'])).code).toBe(0)
})

test('a login is needed: said once, by the command of config.toml, and again only after another login', async () => {
  const told = join(home.path, 'told')
  const command = join(home.path, 'notify.sh')
  writeFileSync(command, `#!/bin/sh\nprintf '%s | %s\\n' "$1" "$2" >> ${told}\n`, { mode: 0o755 })
  const brief = await startAuthorizationServer({ accessTokenTtl: 2 })
  home.config(`notify = [${JSON.stringify(command)}]\n${workProfile(brief, 'refresh = "on_demand"')}`)
  expect((await logIn(home, brief)).code).toBe(0)
  await brief.revokeAll()
  await pause(2_300)
  for (let times = 0; times < 3; times++) expect((await home.run(['token', 'work'])).code).toBe(3)
  await expect.poll(() => existsSync(told)).toBe(true)
  const lines = (): readonly string[] => readFileSync(told, 'utf8').trim().split('\n')
  expect(lines()).toEqual([expect.stringMatching(/^authsock: a login to 'work' is needed \| .*authsock login work$/)])
  expect((await logIn(home, brief)).code).toBe(0)
  await brief.revokeAll()
  await pause(2_300)
  await home.run(['token', 'work'])
  await expect.poll(() => lines().length).toBe(2)
  await brief.close()
})

test('L7 revoke --all: every session here and at its server, every share; static secrets are named', async () => {
  home.config(workProfile(server))
  expect((await logIn(home, server)).code).toBe(0)
  expect((await home.run(['share', 'create', 'box', '--scope', 'read'])).code).toBe(0)
  expect((await home.run(['secret', 'add', 'pat', '--stdin'], { stdin: 'x\n' })).code).toBe(0)
  expect((await home.run(['revoke'])).code).toBe(2)
  const { code, stderr } = await home.run(['revoke', '--all'])
  expect([code, stderr]).toEqual([0, expect.stringContaining("session 'work' ended and revoked its tokens at the server")])
  expect(stderr).toContain('removed the share box')
  expect(stderr).toContain('revoke static secrets where they were created: pat')
  expect((await home.run(['token', 'work'])).code).toBe(3)
  expect((await home.run(['share', 'list', '--json'])).stdout).toBe('{"shares":[]}\n')
  expect((await home.run(['revoke', '--all'])).stderr).toContain('nothing to revoke')
  expect((await home.run(['audit', '--json'])).stdout).toContain('"event":"logged_out"')
})
