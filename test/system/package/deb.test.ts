// The Debian package: looked at by lintian, then installed, used and purged in a Debian that has nothing but its essential packages.

import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { describeWith, isRoot, programs } from '../../support/real-part.ts'

const script = fileURLToPath(new URL('../../../scripts/package.ts', import.meta.url))
const maxBytes = 40e6
const uid = 1500

const command = (program: string, args: readonly string[]): string => {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1e9 })
  expect([program, args, status, status === 0 ? '' : stdout + stderr]).toEqual([program, args, 0, ''])
  return stdout
}

describeWith({ ...programs('lintian', 'mmdebstrap', 'dpkg-deb'), root: isRoot }, 'the Debian package', () => {
  let folder: string
  let deb: string
  let debian: string
  let server: AuthorizationServer
  let home: Home

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'authsock-deb-'))
    command(process.execPath, [script, '--fast', '--only', 'deb', '--out', join(folder, 'out')])
    deb = join(folder, 'out', readdirSync(join(folder, 'out')).find((name) => name.endsWith('.deb')) ?? '')
    debian = join(folder, 'debian')
    command('mmdebstrap', ['--quiet', '--variant=minbase', 'bookworm', debian])
    server = await startAuthorizationServer()
  })

  afterAll(async () => {
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  })

  beforeEach(() => {
    home = new Home({ env: { PATH: '/usr/bin:/bin' } })
    home.config(workProfile(server))
    chmodSync(join(home.path, '..'), 0o711)
    command('chown', ['-R', `${uid}:${uid}`, home.path])
    home.program = enter('authsock')
  })

  afterEach(() => home.close())

  /** A program that runs one of the Debian, as an ordinary user, with the home in its place. */
  function enter(name: string): string {
    const path = join(home.path, `enter-${name}`)
    const at = `${debian}${home.path}`
    mkdirSync(at, { recursive: true })
    const inside = `mount -t proc proc '${debian}/proc' && mount --bind /dev '${debian}/dev' && mount --bind '${home.path}' '${at}' &&
      exec /usr/sbin/chroot --userspec=${uid}:${uid} '${debian}' ${name} "$@"`
    writeFileSync(path, `#!/bin/sh\nexec unshare --mount sh -c '${inside.replaceAll("'", `'\\''`)}' sh "$@"\n`)
    chmodSync(path, 0o755)
    return path
  }

  const inDebian = (...args: readonly string[]): string => command('chroot', [debian, ...args])

  const files = (): readonly string[] =>
    ['etc', 'usr', 'var/lib/systemd']
      .map((name) => join(debian, name))
      .filter((path) => existsSync(path))
      .flatMap((path) => readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => join(path, name)))
      .toSorted()

  test('lintian has nothing to say that is not explained; the size', () => {
    expect(command('env', [`TMPDIR=${folder}`, 'lintian', '--allow-root', '--fail-on', 'error,warning', deb])).toBe('')
    expect(statSync(deb).size).toBeLessThan(maxBytes)
  })

  test('installed, logged in, token and helper; purged without a trace', async () => {
    const before = files()
    command('cp', [deb, join(debian, 'authsock.deb')])
    inDebian('dpkg', '--install', '/authsock.deb')
    const wanted = join(debian, 'etc/systemd/user/sockets.target.wants/authsock.socket')
    expect(files()).toContain(wanted)
    expect(await logIn(home, server)).toMatchObject({ code: 0 })
    const token = await home.run(['token', 'work'])
    expect(token).toMatchObject({ code: 0, stderr: '' })
    expect((await home.run(['route', 'add', 'https://git.example.com', '--profile', 'work'])).code).toBe(0)
    home.program = enter('git-credential-authsock')
    const helper = await home.run(['get'], { stdin: 'protocol=https\nhost=git.example.com\n\n' })
    expect(helper.stdout).toContain(`password=${token.stdout.trim()}\n`)
    home.program = enter('authsock')
    await home.run(['stop'])
    inDebian('dpkg', '--purge', 'authsock')
    expect(files()).toEqual(before)
  })
})
