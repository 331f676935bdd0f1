// The agent over a real keychain: gnome-keyring unlocked, locked, killed, restarted and absent (L9, R11).

import { afterEach, beforeEach, expect, test } from 'vitest'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home } from '../../support/home.ts'
import { Keyring, keyringPrograms } from '../../support/keyring.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { legacyVaults } from '../../support/vaults.ts'
import { describeWith, isLinux, programs } from '../../support/real-part.ts'

describeWith({ ...programs(...keyringPrograms), Linux: isLinux }, 'gnome-keyring', () => {
  let home: Home
  let keyring: Keyring
  let server: AuthorizationServer

  beforeEach(async () => {
    server = await startAuthorizationServer({ accessTokenTtl: 3600 })
    const scratch = new Home({ keyFile: false })
    keyring = await Keyring.start(scratch.path)
    home = scratch
    Object.assign(home.env, keyring.env)
    home.config(workProfile(server))
  })

  afterEach(async () => {
    await home.run(['stop'])
    await keyring.close()
    await home.close()
    await server.close()
  })

  const vault = async () => (await home.http('GET', '/v1/status')).json<{ vault: { state: string; detail?: string } }>().vault
  const restart = async (): Promise<void> => {
    await home.run(['stop'])
    await home.startAgent()
  }

  test('unlocked: the key is made at the first login, and found again after a restart', async () => {
    await home.startAgent()
    expect(await vault()).toMatchObject({ state: 'new' })
    expect((await logIn(home, server)).code).toBe(0)
    expect(await vault()).toMatchObject({ state: 'open', master_key: 'keychain' })
    const { stdout } = await home.run(['token'])
    await restart()
    expect((await home.run(['token'])).stdout).toBe(stdout)
  })

  test('S1 a vault of 34932b5 whose key is in the keychain is upgraded, and a manifest that names another key is refused', async () => {
    const { files, key = '' } = legacyVaults.vaults['keychain'] ?? { files: {} }
    for (const [file, content] of Object.entries(files)) {
      mkdirSync(home.vault, { recursive: true, mode: 0o700 })
      writeFileSync(join(home.vault, file), file === 'vault.json' ? content : Buffer.from(content, 'base64'), { mode: 0o600 })
    }
    const manifest = join(home.vault, 'vault.json')
    const { vault_id, current } = JSON.parse(readFileSync(manifest, 'utf8')) as { vault_id: string; current: string }
    keyring.store(`vault:${vault_id}:${current}`, Buffer.from(key, 'hex'))
    await home.startAgent()
    await expect.poll(vault).toMatchObject({ state: 'open', master_key: 'keychain' })
    expect(JSON.parse(readFileSync(manifest, 'utf8'))).toMatchObject({ format: 2, vault_id, current })
    await home.run(['stop'])
    const thief = join(home.path, 'thief')
    writeFileSync(thief, '66'.repeat(32), { mode: 0o600 })
    const keys = [{ key_id: current, provider: 'key-file', path: thief }]
    writeFileSync(manifest, JSON.stringify({ format: 1, vault_id, current, keys }))
    await home.startAgent()
    await expect
      .poll(vault)
      .toMatchObject({ state: 'unreachable', detail: expect.stringContaining('vault.json is not accepted') })
  })

  test('L9 locked before the first login: said before the user is sent to the browser, and nothing is made', async () => {
    keyring.lock()
    const { code, stderr } = await logIn(home, server)
    expect(code).toBe(4)
    expect(stderr).toContain('keychain is locked')
    expect(stderr).not.toContain('Open this address')
    expect(await vault()).toMatchObject({ state: 'locked' })
    await keyring.unlocked()
    expect((await logIn(home, server)).code).toBe(0)
  })

  test('L9 locked after a login: tokens say so, the session is kept, and unlocking brings it back', async () => {
    await logIn(home, server)
    const { stdout } = await home.run(['token'])
    await home.run(['stop'])
    await keyring.locked()
    await home.startAgent()
    const locked = await home.run(['token'])
    expect(locked.code).toBe(4)
    expect(locked.stderr).toContain('authsock unlock')
    expect(await vault()).toMatchObject({ state: 'locked' })
    expect((await home.http('GET', '/v1/sessions/work')).json()).toMatchObject({ state: 'locked' })
    await keyring.unlocked()
    expect((await home.run(['unlock'])).code).toBe(0)
    expect((await home.run(['token'])).stdout).toBe(stdout)
  })

  test('L9 absent: a keychain without our key is not taken for an empty vault', async () => {
    await logIn(home, server)
    await home.run(['stop'])
    await keyring.kill()
    rmSync(`${home.path}/.local`, { recursive: true, force: true })
    await keyring.unlocked()
    await home.startAgent()
    const { code, stderr } = await home.run(['token'])
    expect(code).toBe(9)
    expect(stderr).toContain('no key for this vault')
    expect(await vault()).toMatchObject({ state: 'absent' })
    // Not even a login makes a new key over the old records.
    expect((await logIn(home, server)).code).toBe(9)
  })

  test('L9 killed while the agent runs: what is open stays open; after a restart it is unreachable, and comes back', async () => {
    await logIn(home, server)
    const { stdout } = await home.run(['token'])
    await keyring.kill()
    expect((await home.run(['token'])).stdout).toBe(stdout)
    await restart()
    const { code, stderr } = await home.run(['token'])
    expect(code).toBe(9)
    expect(stderr).toMatch(/keychain/)
    expect(await vault()).toMatchObject({ state: 'unreachable' })
    await keyring.unlocked()
    expect((await home.run(['token'])).stdout).toBe(stdout)
  })

  test.each([
    ['locked', (): void => keyring.lock()],
    ['killed', (): Promise<void> => keyring.kill()],
  ])('R2 %s between the refresh and the write: the answer is kept, and the session lives on', async (_, strike) => {
    const brief = await startAuthorizationServer({ accessTokenTtl: 2 })
    home.config(workProfile(brief, 'refresh = "on_demand"'))
    expect((await logIn(home, brief)).code).toBe(0)
    await pause(2_300)
    let struck: unknown
    brief.intercept = () => {
      brief.intercept = undefined
      struck = strike()
      return false
    }
    expect((await home.run(['token'])).code).toBe(0)
    await struck
    await home.run(['stop'])
    await keyring.unlocked()
    await pause(2_300)
    expect((await home.run(['token'])).code).toBe(0)
    expect(brief.refreshes).toBe(2)
    await home.run(['stop'])
    await brief.close()
  })

  test('L9 no session bus at all: unreachable, with the ways out; a passphrase is one of them', async () => {
    delete home.env['DBUS_SESSION_BUS_ADDRESS']
    const { code, stderr } = await logIn(home, server)
    expect(code).toBe(9)
    expect(stderr).toContain('no session bus')
    expect(stderr).toContain('authsock help vault')
    const made = await home.run(['vault', 'master-key', 'passphrase', '--passphrase-stdin'], { stdin: 'correct horse\n' })
    expect([made.code, made.stderr]).toEqual([0, expect.stringContaining('passphrase')])
    expect((await logIn(home, server)).code).toBe(0)
  })

  test('moving from the keychain to a passphrase and back: nothing is lost, and the old key goes', async () => {
    await logIn(home, server)
    const { stdout } = await home.run(['token'])
    expect((await home.run(['vault', 'master-key', 'passphrase', '--passphrase-stdin'], { stdin: 'correct horse\n' })).code).toBe(
      0,
    )
    await restart()
    expect((await home.run(['token'])).code).toBe(4)
    const wrong = await home.run(['unlock', '--passphrase-stdin'], { stdin: 'battery staple\n' })
    expect([wrong.code, wrong.stderr]).toEqual([4, expect.stringContaining('not the passphrase')])
    // By the socket, since a process takes longer to start than the first pause lasts, on a busy machine: the second one, two seconds.
    let soon = { status: 0, code: '' }
    for (let tries = 0; tries < 100 && soon.code !== 'unlock_throttled'; tries++) {
      const again = await home.http('POST', '/v1/unlock', { body: { passphrase: 'battery staple' } })
      expect([403, 429]).toContain(again.status)
      const { status, text } = await home.http('POST', '/v1/unlock', { body: { passphrase: 'correct horse' } })
      soon = { status, code: (JSON.parse(text) as { code: string }).code }
    }
    expect(soon).toEqual({ status: 429, code: 'unlock_throttled' })
    await expect.poll(async () => (await home.run(['unlock', '--passphrase-stdin'], { stdin: 'correct horse\n' })).code).toBe(0)
    expect((await home.run(['token'])).stdout).toBe(stdout)
    expect((await home.run(['vault', 'master-key', 'keychain'])).code).toBe(0)
    await restart()
    expect((await home.run(['token'])).stdout).toBe(stdout)
  })
})
