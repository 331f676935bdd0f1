// A mistake in config.toml while the agent runs, and a command of ours that changes it.

import { chmodSync, readFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'

let server: AuthorizationServer
let home: Home

beforeEach(async () => {
  home = new Home()
  server = await startAuthorizationServer()
  home.config(workProfile(server))
  expect((await logIn(home, server)).code).toBe(0)
})

afterEach(async () => {
  await home.close()
  await server.close()
})

const warnings = async (): Promise<readonly string[]> =>
  (await home.http('GET', '/v1/status')).json<{ warnings: string[] }>().warnings
const tokenOf = (profile: string) => home.http('GET', `/v1/token?profile=${profile}`)

test('U2 a mistake costs no token, is said once, and is forgotten when it is mended', async () => {
  const good = readFileSync(home.configFile, 'utf8')
  const problem = (line: number, text: string): string => `${home.configFile}:${line}:1: ${text}`
  const badProfile = `${good}\n[profile.other]\nissuer = "https://b.example"\nclient_id = 7\n`
  home.config(badProfile)
  const line = badProfile.split('\n').indexOf('client_id = 7') + 1
  await expect.poll(warnings).toEqual([problem(line, "'client_id' is not a string in quotes")])
  expect((await tokenOf('work')).status).toBe(200)
  expect((await tokenOf('other')).json()).toMatchObject({ code: 'config_invalid', exit_code: 2 })

  home.config(`colour = 1\n${good}`)
  const whole = problem(1, "unknown key 'colour': the keys are default_profile")
  await expect.poll(warnings).toEqual([expect.stringContaining(whole)])
  expect((await warnings())[0]).toContain('the configuration before this change stays in effect')
  expect((await tokenOf('work')).status).toBe(200)

  home.config(good)
  await expect.poll(warnings).toEqual([])
})

test('S13 a file that others can write is not read; what was read before goes on', async () => {
  const good = readFileSync(home.configFile, 'utf8')
  home.config(`${good}\n[[rule]]\ndecision = "allow"\n`)
  chmodSync(home.configFile, 0o666)
  await expect.poll(warnings).toEqual([expect.stringContaining(`${home.configFile} can be written by others (mode 666)`)])
  expect((await tokenOf('work')).status).toBe(200)
  await home.run(['stop'])
  const { code, stderr } = await home.run(['token', 'work'])
  expect([code, stderr]).toEqual([2, expect.stringContaining(`hint: check the file, then chmod go-w ${home.configFile}`)])
  chmodSync(home.configFile, 0o600)
  expect((await home.run(['token', 'work'])).code).toBe(0)
})
