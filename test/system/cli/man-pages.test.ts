// The man pages, as programs that format them read them.

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commandNames } from '../../../src/cli/command-table.ts'
import { programNames } from '../../../scripts/program.ts'
import { describeWith, programs } from '../../support/real-part.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
let folder: string
let pages: readonly string[]

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'man-'))
  execFileSync(process.execPath, [join(root, 'scripts/reference.ts'), '--out', folder])
  pages = readdirSync(join(folder, 'man'), { recursive: true, encoding: 'utf8' }).filter((name) => /\.\d$/.test(name))
})

afterAll(() => rmSync(folder, { recursive: true }))

describe('man pages', () => {
  test('each command and each program has one, and the configuration', () => {
    const named = (page: string): string => `man1/${page}.1`
    const wanted = [
      ...commandNames.filter((name) => name !== 'help' && name !== 'version').map((name) => named(`authsock-${name}`)),
      ...programNames.map(named),
      'man5/authsock-config.5',
      'man7/authsock-helpers.7',
    ]
    expect(wanted.filter((page) => !pages.includes(page))).toEqual([])
  })

  test('authsock-config(5) has every key of the schema', () => {
    const schema = readFileSync(join(root, 'protocol/config.schema.json'), 'utf8')
    const { properties, $defs } = JSON.parse(schema) as {
      properties: Record<string, object>
      $defs: { profile: { properties: Record<string, object> } }
    }
    const text = readFileSync(join(folder, 'man/man5/authsock-config.5'), 'utf8')
    const settings = Object.keys(properties).filter((key) => !['profile', 'route', 'rule'].includes(key))
    for (const key of [...settings, ...Object.keys($defs.profile.properties)]) expect(text).toContain(`\n\\fB${key}\\fR (`)
  })
})

describeWith(programs('mandoc'), 'mandoc', () => {
  test('has nothing to complain about', () => {
    const { stdout } = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning', ...pages], {
      cwd: join(folder, 'man'),
      encoding: 'utf8',
    })
    // A page has the version of the program and no date; .so is how packages name one page for several programs.
    const known = /missing date|\.so is fragile/
    expect(stdout.split('\n').filter((line) => line !== '' && !known.test(line))).toEqual([])
  })
})

describeWith(programs('man'), 'man --warnings', () => {
  test('has nothing to complain about, and shows an option and its example', () => {
    const env = { ...process.env, LC_ALL: 'C.UTF-8', MANWIDTH: '80' }
    for (const page of pages) {
      const { stderr, status } = spawnSync('man', ['--warnings', '-l', page], { cwd: join(folder, 'man'), env, encoding: 'utf8' })
      expect([page, status, stderr]).toEqual([page, 0, ''])
    }
    const shown = execFileSync('man', ['-l', join(folder, 'man/man1/authsock-share.1')], { env, encoding: 'utf8' })
    expect(shown).toContain('--ttl span')
    expect(shown).toContain('docker run $(authsock share run-args devbox) --rm -it image')
  })
})
