// `authsock uninstall --purge`: sessions are revoked, set-ups undone, the vault and its key removed; what cannot be revoked stops it.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home } from '../../support/home.ts'
import { Keyring, keyringPrograms } from '../../support/keyring.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { describeWith, isLinux, isPosix, programs } from '../../support/real-part.ts'
import { Tmux } from '../../support/tmux.ts'

let server: AuthorizationServer
let home: Home

beforeEach(async () => {
  server = await startAuthorizationServer()
})

afterEach(async () => {
  await home.close()
  await server.close()
})

const files = (): readonly string[] => readdirSync(home.path, { recursive: true, encoding: 'utf8' }).sort()

describe.skipIf(!isPosix)('purge', () => {
  beforeEach(() => {
    home = new Home()
    home.config(workProfile(server))
  })

  test('nothing is left but config.toml, the key file that the user named, and what is the user’s', async () => {
    const gitconfig = join(home.path, '.gitconfig')
    writeFileSync(gitconfig, '[user]\n\tname = Ada\n')
    const before = files()
    expect((await home.run(['install', '--autostart', 'none'])).code).toBe(0)
    expect((await logIn(home, server)).code).toBe(0)
    expect((await home.run(['share', 'create', 'box', '--profile', 'work', '--all-scopes'])).code).toBe(0)
    expect((await home.run(['setup', 'git', '--yes'])).code).toBe(0)
    const { pid } = (JSON.parse((await home.run(['status', '--json'])).stdout) as { agent: { pid: number } }).agent
    const { code, stdout, stderr } = await home.run(['uninstall', '--purge', '--yes', '--json'])
    expect([code, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout)).toMatchObject({
      kept: [],
      sessions: [{ profile: 'work', revocation: 'revoked' }],
      setups: ['git'],
      notes: [`the key file of the vault stays where you put it`, `${home.configFile} stays: it holds no secret`],
    })
    expect(existsSync(`/proc/${pid}`)).toBe(false)
    expect(readFileSync(gitconfig, 'utf8')).toBe('[user]\n\tname = Ada\n')
    expect(files().filter((path) => !before.includes(path))).toEqual(['.cache', 'master.key', 'state'])
  })

  test('a server that cannot be reached: nothing is removed, unless --no-revoke says so', async () => {
    expect((await home.run(['install', '--autostart', 'none'])).code).toBe(0)
    expect((await logIn(home, server)).code).toBe(0)
    await server.close()
    const before = files()
    const refused = await home.run(['uninstall', '--purge', '--yes'])
    expect(refused.code).toBe(5)
    expect(refused.stderr).toContain('could not revoke the tokens of work; nothing was removed')
    for (const path of ['state/authsock/vault/vault.json', '.local/bin/authsock', 'state/authsock/install.json']) {
      expect([path, before.includes(path), files().includes(path)]).toEqual([path, true, true])
    }
    expect((await home.run(['uninstall', '--purge', '--yes', '--no-revoke'])).code).toBe(0)
    expect(files().filter((path) => path.startsWith('state/'))).toEqual([])
    server = await startAuthorizationServer()
  })

  test('it asks first; without a terminal it says how to agree', async () => {
    expect((await logIn(home, server)).code).toBe(0)
    const { code, stderr } = await home.run(['uninstall', '--purge'])
    expect([code, stderr]).toEqual([2, expect.stringContaining('hint: add --yes')])
    expect(existsSync(join(home.vault, 'vault.json'))).toBe(true)
  })
})

describeWith({ ...programs('tmux'), POSIX: isPosix }, 'purge at a terminal', () => {
  test('it shows what it is about to do, and anything but yes leaves all as it was', async () => {
    home = new Home()
    home.config(workProfile(server))
    expect((await logIn(home, server)).code).toBe(0)
    expect((await home.run(['setup', 'docker', '--yes'])).code).toBe(0)
    const terminal = new Tmux(home)
    try {
      terminal.type('uninstall --purge')
      const screen = await terminal.see(/remove all of this\? \[y\/N\]/)
      expect(screen).toContain('every session is revoked at its server')
      expect(screen).toContain('the set-up of docker is undone')
      terminal.key('Enter')
      await terminal.see(/rc=130/)
    } finally {
      terminal.close()
    }
    expect((await home.run(['token', 'work'])).code).toBe(0)
  })
})

describeWith({ ...programs(...keyringPrograms, 'secret-tool'), Linux: isLinux }, 'purge with a keychain', () => {
  test('the key is no more in the keychain', async () => {
    home = new Home({ keyFile: false })
    const keyring = await Keyring.start(home.path)
    try {
      Object.assign(home.env, keyring.env)
      home.config(workProfile(server))
      expect((await logIn(home, server)).code).toBe(0)
      expect(keyring.entries()).toBe(1)
      expect((await home.run(['uninstall', '--purge', '--yes'])).code).toBe(0)
      expect(keyring.entries()).toBe(0)
    } finally {
      await keyring.close()
    }
  })
})
