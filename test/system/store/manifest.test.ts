// FINDINGS S1 as it was found: the manifest is exchanged under a running agent, which then refreshes; and at its next start.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { keyId, readHeader } from '../../../src/store/files/seal.ts'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'

const life = 3
const thief = Buffer.alloc(32, 0x66)
let server: AuthorizationServer
let home: Home

beforeEach(async () => {
  server = await startAuthorizationServer({ accessTokenTtl: life })
  home = new Home()
  home.config(workProfile(server, 'refresh = "on_demand"'))
  await home.startAgent()
  expect((await logIn(home, server)).code).toBe(0)
})

afterEach(async () => {
  await home.close()
  await server.close()
})

const sealedUnder = (): ReadonlySet<string | undefined> =>
  new Set(
    readdirSync(home.vault)
      .filter((name) => name.includes('.sealed'))
      .map((name) => readHeader(readFileSync(join(home.vault, name)))?.keyId),
  )

test('S1 no login is resealed under a key of who can write to the vault, and the next start refuses his manifest', async () => {
  const manifest = join(home.vault, 'vault.json')
  const right = readFileSync(manifest, 'utf8')
  const { vault_id, current, keys } = JSON.parse(right) as { vault_id: string; current: string; keys: readonly unknown[] }
  const path = join(home.vault, 'thief.key')
  writeFileSync(path, thief.toString('hex'), { mode: 0o600 })
  const location = { key_id: keyId(thief), provider: 'key-file', path }
  writeFileSync(manifest, JSON.stringify({ format: 1, vault_id, current: location.key_id, keys: [location, ...keys] }))
  const before = server.refreshes
  await expect.poll(async () => (await home.run(['token'])).code === 0 && server.refreshes > before).toBe(true)
  expect([...sealedUnder()]).toEqual([current])
  const status = async () => (await home.http('GET', '/v1/status')).json<{ warnings: string[]; vault: Record<string, string> }>()
  expect((await status()).warnings).toContainEqual(expect.stringContaining('vault.json is not accepted'))

  await home.run(['stop'])
  await home.startAgent()
  await expect
    .poll(async () => (await status()).vault)
    .toMatchObject({ state: 'unreachable', detail: expect.stringContaining('is not accepted') })
  const { code, stderr } = await home.run(['token'])
  expect([code, stderr]).toEqual([9, expect.stringContaining('hint: restore it: rm -f ')])
  writeFileSync(manifest, right)
  await expect.poll(async () => (await home.run(['token'])).code).toBe(0)
})
