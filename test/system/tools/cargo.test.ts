// The real cargo with a private sparse registry: fetching, a token that expires in the middle, login and logout.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { runClient } from '../../support/clients.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { nativePrograms } from '../../support/programs.ts'
import { describeWith, programs } from '../../support/real-part.ts'
import { type Asked, type Registry, type Reply, startRegistry, tokenOf } from '../../support/registry.ts'

/** Each needs the one after it. */
const crates = ['alpha', 'beta'] as const

describeWith({ ...programs('cargo', 'tar') }, 'cargo', () => {
  let server: AuthorizationServer
  let home: Home
  let registry: Registry
  /** Before an accepted request is answered. */
  let before: (asked: Asked) => Promise<void>

  beforeAll(async () => {
    server = await startAuthorizationServer()
  })

  afterAll(() => server.close())

  beforeEach(async () => {
    home = new Home()
    before = async () => {}
    const files = makeCrates(home.path)
    registry = await startRegistry(
      home,
      async (asked) => {
        await before(asked)
        return serve(registry, files, asked)
      },
      { challenge: 'Cargo' },
    )
  })

  afterEach(async () => {
    await home.close()
    await registry.close()
  })

  const provider = (): string => join(nativePrograms(), 'cargo-credential-authsock')

  /** A package that depends on alpha; `more` is for cargo's config.toml. */
  function project(more: string): string {
    write(join(home.path, '.cargo', 'config.toml'), `[registries.private]\nindex = "sparse+${registry.url}/index/"\n${more}`)
    const folder = join(home.path, 'project')
    write(
      join(folder, 'Cargo.toml'),
      '[package]\nname = "project"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\nalpha = { version = "1", registry = "private" }\n',
    )
    write(join(folder, 'src', 'lib.rs'), '')
    return folder
  }

  const cargo = (args: readonly string[], cwd: string, { stdin = '', env = {} } = {}) =>
    runClient(home, 'cargo', args, {
      cwd,
      stdin,
      env: {
        CARGO_HOME: join(home.path, '.cargo'),
        RUSTUP_HOME: process.env['RUSTUP_HOME'] ?? join(homedir(), '.rustup'),
        ...env,
      },
    })

  const own = (): string => `credential-provider = ["${provider()}"]\n`
  const routed = (from: AuthorizationServer): string =>
    `${workProfile(from)}\n[[route]]\nurl = "${registry.url}"\nprofile = "work"\n`
  const secrets = async () =>
    (await home.http('GET', '/v1/secrets')).json<{ secrets: readonly { name: string; url: string }[] }>().secrets
  const locked = (folder: string): string => readFileSync(join(folder, 'Cargo.lock'), 'utf8')

  test('fetches with the token of the profile that the registry has a route to', async () => {
    home.config(routed(server))
    expect((await logIn(home, server)).code).toBe(0)
    const folder = project(own())
    const { code, stderr } = await cargo(['fetch'], folder)
    expect([code, stderr]).toEqual([0, expect.stringContaining('Downloaded beta')])
    expect(locked(folder)).toContain('name = "beta"')
    const token = await tokenOf(home)
    const accepted = registry.asked.filter(({ status }) => status === 200)
    expect(accepted.map(({ path }) => path).sort()).toEqual([
      '/dl/alpha/1.0.0/download',
      '/dl/beta/1.0.0/download',
      '/index/al/ph/alpha',
      '/index/be/ta/beta',
      '/index/config.json',
    ])
    expect(new Set(accepted.map(({ scheme, credential }) => `${scheme} ${credential}`))).toEqual(new Set([`bearer ${token}`]))
  })

  test('without a login cargo says what is missing', async () => {
    home.config(routed(server))
    const { code, stderr } = await cargo(['fetch'], project(own()))
    expect([code, stderr]).toEqual([101, expect.stringContaining("profile 'work' needs a login")])
    expect(stderr).toContain('authsock login work')
    expect(registry.asked.filter(({ status }) => status === 200)).toEqual([])
  })

  test('a token that expires in the middle of a fetch is replaced', async () => {
    const hasty = await startAuthorizationServer({ accessTokenTtl: 6 })
    try {
      home.config(routed(hasty))
      expect((await logIn(home, hasty)).code).toBe(0)
      let first: string | undefined
      before = async ({ path, credential }) => {
        if (path !== '/index/al/ph/alpha') return
        first = credential
        await pause(7000)
      }
      const { code, stderr } = await cargo(['fetch'], project(own()))
      expect([code, stderr]).toEqual([0, expect.stringContaining('Downloaded beta')])
      const later = registry.asked.filter(({ path }) => path === '/index/be/ta/beta' || path.startsWith('/dl/'))
      expect(later.map(({ status }) => status)).toEqual([200, 200, 200])
      expect(later.map(({ credential }) => credential)).not.toContain(first)
    } finally {
      await hasty.close()
    }
  })

  describe('a registry without a route', () => {
    beforeEach(() => home.config(workProfile(server)))

    test('cargo login keeps the token as a secret, fetch sends it bare, logout removes it', async () => {
      const folder = project(own())
      registry.accept('cio-static-secret')
      const login = await cargo(['login', '--registry', 'private'], folder, { stdin: 'cio-static-secret\n' })
      expect([login.code, login.stderr]).toEqual([0, expect.not.stringContaining('error')])
      expect(await secrets()).toMatchObject([{ origin: 'tool', url: `${registry.url}/index` }])
      expect((await cargo(['fetch'], folder)).code).toBe(0)
      expect(registry.asked.at(-1)).toMatchObject({ scheme: '', credential: 'cio-static-secret', status: 200 })
      expect((await cargo(['logout', '--registry', 'private'], folder)).code).toBe(0)
      expect(await secrets()).toEqual([])
      rmSync(join(folder, 'Cargo.lock'))
      rmSync(join(home.path, '.cargo', 'registry'), { recursive: true })
      const after = await cargo(['fetch'], folder)
      expect([after.code, after.stderr]).toEqual([101, expect.stringContaining('no token found')])
    })

    test('is for the next provider', async () => {
      const folder = project(`[registry]\nglobal-credential-providers = ["cargo:token", "${provider()}"]\n`)
      registry.accept('from-cargo-itself')
      const { code, stderr } = await cargo(['fetch'], folder, {
        env: { CARGO_REGISTRIES_PRIVATE_TOKEN: 'from-cargo-itself' },
      })
      expect([code, stderr]).toEqual([0, expect.stringContaining('Downloaded beta')])
      expect(registry.asked.at(-1)).toMatchObject({ scheme: '', credential: 'from-cargo-itself', status: 200 })
    })
  })
})

function makeCrates(folder: string): ReadonlyMap<string, Buffer> {
  const made = crates.map((name, index): [string, Buffer] => {
    const next = crates[index + 1]
    const needs = next === undefined ? '' : `[dependencies]\n${next} = "1"\n`
    write(join(folder, `${name}-1.0.0`, 'Cargo.toml'), `[package]\nname = "${name}"\nversion = "1.0.0"\n${needs}`)
    write(join(folder, `${name}-1.0.0`, 'src', 'lib.rs'), '')
    return [name, spawnSync('tar', ['-cz', `${name}-1.0.0`], { cwd: folder }).stdout]
  })
  return new Map(made)
}

function serve({ url }: Registry, files: ReadonlyMap<string, Buffer>, { path }: Asked): Reply | undefined {
  if (path === '/index/config.json') return { body: JSON.stringify({ dl: `${url}/dl`, api: url, 'auth-required': true }) }
  const name = /^\/(?:dl\/(\w+)\/1\.0\.0\/download|index\/\w+\/\w+\/(\w+))$/.exec(path)?.slice(1).find(Boolean)
  const file = files.get(name ?? '')
  if (name === undefined || file === undefined) return undefined
  if (path.startsWith('/dl/')) return { body: file }
  const next = crates[crates.findIndex((each) => each === name) + 1]
  const needs = { req: '^1', features: [], optional: false, default_features: true, target: null, kind: 'normal' }
  const deps = next === undefined ? [] : [{ name: next, ...needs }]
  const cksum = createHash('sha256').update(file).digest('hex')
  return { body: JSON.stringify({ name, vers: '1.0.0', deps, cksum, features: {}, yanked: false }) }
}

function write(path: string, text: string): void {
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, text)
}
