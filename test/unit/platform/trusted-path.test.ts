// S7, L14: the folders in which the agent looks for programs.

import { chmodSync, chownSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { trustedPath } from '../../../src/platform/process/trusted-path.ts'
import { describeWith, isPosix } from '../../support/real-part.ts'

const isRoot = process.getuid?.() === 0

describeWith({ 'Unix folders': isPosix }, 'S7 the PATH of the agent', () => {
  let folder: string

  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'authsock-path-')))
  })

  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const make = (...parts: readonly string[]): string => {
    const path = join(folder, ...parts)
    mkdirSync(path, { recursive: true, mode: 0o755 })
    return path
  }

  test('system folders stay, in their order; those of a repository, relative and missing ones go', () => {
    const modules = make('repo', 'node_modules', '.bin')
    const checkout = make('checkout', 'bin')
    mkdirSync(join(folder, 'checkout/.git'))
    const tool = make('tool', 'bin')
    writeFileSync(join(folder, 'tool/package.json'), '{}')
    const link = join(folder, 'link')
    symlinkSync(modules, link)
    const path = [modules, '/usr/bin', '', '.', 'bin', checkout, tool, link, join(folder, 'missing'), '/bin'].join(':')
    expect(trustedPath(path)).toBe('/usr/bin:/bin')
  })

  test('without any that is trusted: the system folders', () => {
    expect(trustedPath(make('node_modules')).split(':')).toContain('/usr/bin')
    expect(trustedPath('').split(':')).toContain('/usr/bin')
  })

  test.runIf(isRoot)('one that others can write to, or that is below such a one, goes', () => {
    const open = make('open')
    const below = make('open', 'bin')
    const own = make('own')
    expect(trustedPath(`${own}:/usr/bin`)).toBe(`${own}:/usr/bin`)
    chmodSync(open, 0o777)
    expect(trustedPath(`${open}:${below}:/usr/bin`)).toBe('/usr/bin')
  })

  test('one of an ordinary user goes', () => {
    const own = make('own')
    if (isRoot) chownSync(own, 1500, 1500)
    expect(trustedPath(`${own}:/usr/bin`)).toBe('/usr/bin')
  })

  test('Windows keeps its own', () => {
    expect(trustedPath('C:\\a;C:\\b', 'win32')).toBe('C:\\a;C:\\b')
  })
})
