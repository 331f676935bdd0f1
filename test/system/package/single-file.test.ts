// The single-file program as packages contain it: made twice with the same bytes, and used as a user would.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import packageJson from '../../../package.json' with { type: 'json' }
import { programNames } from '../../../scripts/program.ts'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { isLinux } from '../../support/real-part.ts'

const script = fileURLToPath(new URL('../../../scripts/package.ts', import.meta.url))
const name = `authsock-${packageJson.version}-${process.platform}-${process.arch}`

/** What `npm run package` makes of the files of a package, in a new folder. */
function makeTree(): string {
  const folder = mkdtempSync(join(tmpdir(), 'authsock-package-'))
  const made = spawnSync(process.execPath, [script, '--only', 'tree', '--out', folder], { encoding: 'utf8' })
  expect([made.stderr, made.status]).toEqual(['', 0])
  return folder
}

/** Every file by its digest, every link by what it leads to. */
const contents = (folder: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(folder.length), describePath(path)] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  )

function describePath(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return createHash('sha256').update(readFileSync(path)).digest('hex')
  }
}

describe.skipIf(!isLinux)('the single-file program', () => {
  let folder: string
  let program: string
  let server: AuthorizationServer
  let home: Home

  beforeAll(async () => {
    folder = makeTree()
    program = join(folder, name, 'bin/authsock')
    server = await startAuthorizationServer()
  })

  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true })
    await server.close()
  })

  beforeEach(() => {
    // No Node on the PATH.
    home = new Home({ env: { PATH: `${join(folder, name, 'bin')}:/usr/bin:/bin` } })
    home.program = program
    home.config(workProfile(server))
  })

  afterEach(() => home.close())

  /** By the native thin client. */
  const helper = (command: string, args: readonly string[], input = ''): string =>
    spawnSync(join(folder, name, 'bin', command), args, { env: home.env, input, encoding: 'utf8' }).stdout

  test('is made twice with the same bytes', () => {
    const again = makeTree()
    try {
      expect(contents(again)).toEqual(contents(folder))
    } finally {
      rmSync(again, { recursive: true, force: true })
    }
  })

  test('login, token, helpers, status; an agent of its own', async () => {
    expect(await logIn(home, server)).toMatchObject({ code: 0 })
    const token = await home.run(['token', 'work'])
    expect(token).toMatchObject({ code: 0, stderr: '' })
    expect(helper('authsock-client', ['token', 'work'])).toBe(token.stdout)
    expect((await home.run(['route', 'add', 'https://git.example.com', '--profile', 'work'])).code).toBe(0)
    expect(helper('git-credential-authsock', ['get'], 'protocol=https\nhost=git.example.com\n\n')).toContain(
      `password=${token.stdout.trim()}\n`,
    )
    const status = JSON.parse((await home.run(['status', '--json'])).stdout) as { readonly agent: { readonly pid: number } }
    const command = readFileSync(`/proc/${status.agent.pid}/cmdline`, 'utf8').split('\0')
    expect([command[0], command[1]]).toEqual([program, 'agent'])
    expect(programNames.filter((each) => !existsSync(join(folder, name, 'bin', each)))).toEqual([])
  })

  test('P19 variables that load code reach neither the program nor its agent', async () => {
    const module = join(home.path, 'evil.cjs')
    writeFileSync(module, `require('node:fs').writeFileSync(${JSON.stringify(join(home.path, 'loaded'))}, '')`)
    const env = { NODE_OPTIONS: `--require ${module}`, NODE_EXTRA_CA_CERTS: '/nonexistent', NODE_DEBUG: 'http' }
    const child = await home.startAgent([], { ...home.env, ...env })
    const environment = readFileSync(`/proc/${child.pid}/environ`, 'utf8')
    expect(environment).not.toMatch(/NODE_(OPTIONS|EXTRA_CA_CERTS|DEBUG)=/)
    expect(existsSync(join(home.path, 'loaded'))).toBe(false)
    expect((await home.run(['status'])).code).toBe(0)
  })

  test('without lib/ beside it, it loads the native modules from the cache folder, and not ones that were changed', async () => {
    const alone = join(home.path, 'alone')
    spawnSync('cp', [program, alone])
    home.program = alone
    const native = join(home.path, '.cache/authsock/native')
    expect((await home.run(['status'])).code).toBe(0)
    const [koffi = ''] = readdirSync(native)
    expect(koffi).toMatch(/^[0-9a-f]{64}\.node$/)
    await home.run(['stop'])
    rmSync(join(native, koffi))
    writeFileSync(join(native, koffi), 'not a module')
    expect(await home.run(['status'])).toMatchObject({ code: 0 })
    expect(
      `${createHash('sha256')
        .update(readFileSync(join(native, koffi)))
        .digest('hex')}.node`,
    ).toBe(koffi)
  })

  test('a vault with a passphrase: its worker is inside', async () => {
    expect(await logIn(home, server)).toMatchObject({ code: 0 })
    const moved = await home.run(['vault', 'master-key', 'passphrase', '--passphrase-stdin'], { stdin: 'correct horse\n' })
    expect(moved).toMatchObject({ code: 0 })
  })
})
