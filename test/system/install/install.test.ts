// `authsock install` and `uninstall`: everything into place, and nothing left of it.

import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Home } from '../../support/home.ts'
import { isLinux, isPosix } from '../../support/real-part.ts'

let home: Home

beforeEach(() => {
  home = new Home()
  home.config('')
})

afterEach(() => home.close())

/** Every file, link and folder of the home, with what it holds. */
function tree(folder = home.path): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return [`${path}/`, ...tree(path)]
      return [`${path} ${entry.isSymbolicLink() ? readlinkSync(path) : entry.isFile() ? readFileSync(path, 'utf8') : ''}`]
    })
    .sort()
}

const share = (...names: readonly string[]): string => join(home.path, '.local/share', ...names)

describe.skipIf(!isPosix)('install', () => {
  test('puts programs, completions and man pages into place, twice the same, and uninstall leaves nothing', async () => {
    await home.run(['version'])
    const before = tree()
    const installed = await home.run(['install', '--autostart', 'none'])
    expect(installed).toMatchObject({ code: 0 })
    expect(installed.stderr).toContain(`hint: add ${join(home.path, '.local/bin')} to your PATH`)
    for (const path of [
      join(home.path, '.local/bin/git-credential-authsock'),
      join(home.path, '.local/bin/authsock'),
      share('bash-completion/completions/authsock'),
      share('zsh/site-functions/_authsock'),
      join(home.path, 'config/fish/completions/authsock.fish'),
      share('man/man1/authsock-share.1'),
      share('man/man5/authsock-config.5'),
    ]) {
      expect([path, existsSync(path)]).toEqual([path, true])
      expect(installed.stdout).toContain(`${path}\n`)
    }
    const after = tree()
    const again = await home.run(['install', '--json'])
    expect(JSON.parse(again.stdout)).toMatchObject({ autostart: 'none', changed: [], kept: [] })
    expect(tree()).toEqual(after)
    expect((await home.run(['uninstall'])).code).toBe(0)
    expect(tree().filter((path) => !before.includes(path))).toEqual([
      `${join(home.path, 'state')}/`,
      `${join(home.path, 'state/authsock')}/`,
    ])
    expect((await home.run(['uninstall'])).stderr).toBe('authsock: nothing was installed\n')
  })

  test('what the user has changed is kept and named; what another program has put there too', async () => {
    const page = share('man/man1/authsock.1')
    const script = share('bash-completion/completions/authsock')
    expect((await home.run(['install', '--autostart', 'none'])).code).toBe(0)
    writeFileSync(page, 'my own page\n')
    const again = await home.run(['install', '--json'])
    expect(JSON.parse(again.stdout)).toMatchObject({ changed: [], kept: [page] })
    expect(readFileSync(page, 'utf8')).toBe('my own page\n')
    const { code, stderr } = await home.run(['uninstall'])
    expect([code, existsSync(page), existsSync(script)]).toEqual([0, true, false])
    expect(stderr).toContain(`authsock: ${page} was changed since, and was kept\n`)
    // It is nobody's now: an install does not take it over.
    expect(JSON.parse((await home.run(['install', '--json', '--autostart', 'none'])).stdout)).toMatchObject({ kept: [page] })
  })

  test('--bin-dir is remembered; the programs move when it changes', async () => {
    const [one, two] = [join(home.path, 'one'), join(home.path, 'two')]
    expect((await home.run(['install', '--autostart', 'none', '--bin-dir', one])).code).toBe(0)
    expect((await home.run(['install', '--bin-dir', two])).code).toBe(0)
    expect((await home.run(['install'])).stdout).toBe('')
    expect([existsSync(join(one, 'authsock')), existsSync(join(two, 'authsock'))]).toEqual([false, true])
    expect((await home.run(['uninstall'])).code).toBe(0)
    expect([existsSync(one), existsSync(two)]).toEqual([false, false])
  })

  test('what cannot be written stops it; uninstall removes what was in place by then', async () => {
    const before = tree()
    mkdirSync(share(), { recursive: true })
    writeFileSync(share('man'), '')
    const { code, stderr } = await home.run(['install', '--autostart', 'none'])
    expect([code, stderr]).toEqual([9, expect.stringContaining(`cannot change ${share('man')}`)])
    expect(existsSync(join(home.path, '.local/bin/authsock'))).toBe(true)
    expect((await home.run(['uninstall'])).code).toBe(0)
    rmSync(share('man'))
    expect(tree().filter((path) => !before.includes(path) && !path.endsWith('/'))).toEqual([])
  })

  test('an autostart that this system does not have is refused, and nothing is changed', async () => {
    const { code, stderr } = await home.run(['install', '--autostart', isLinux ? 'launchd' : 'systemd'])
    expect([code, stderr]).toEqual([2, expect.stringContaining('hint: leave out --autostart')])
    expect(existsSync(share('man'))).toBe(false)
  })
})

describe.skipIf(!isLinux)('autostart without systemd', () => {
  test('the desktop has an entry, which uninstall removes', async () => {
    home.env['XDG_CURRENT_DESKTOP'] = 'XFCE'
    expect(JSON.parse((await home.run(['install', '--json'])).stdout)).toMatchObject({ autostart: 'xdg' })
    const entry = join(home.path, 'config/autostart/authsock.desktop')
    expect(readFileSync(entry, 'utf8')).toMatch(/^Exec=env .*XDG_STATE_HOME=\S+ .*main\.js agent --log quiet$/m)
    expect((await home.run(['uninstall'])).code).toBe(0)
    expect(existsSync(entry)).toBe(false)
  })

  test('without a desktop the agent starts with its first caller', async () => {
    const { stdout } = await home.run(['install', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ autostart: 'none' })
  })
})
