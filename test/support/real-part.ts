// Tests of real parts: skipped with a reason where the part is missing, failed where AUTHSOCK_TEST_ALL=1 says that all are there.

import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe } from 'vitest'

const all = process.env['AUTHSOCK_TEST_ALL'] === '1'

/** The program on the PATH, or undefined. */
export function findProgram(name: string): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {
      // The next folder.
    }
  }
  return undefined
}

/** `describe`, where all the parts are there: programs by name, or whatever else by an answer of its own. */
export function describeWith(parts: Readonly<Record<string, boolean>>, name: string, tests: () => void): void {
  const missing = Object.entries(parts).flatMap(([part, isThere]) => (isThere ? [] : [part]))
  if (missing.length === 0 || all) describe(name, tests)
  else describe.skip(`${name} (needs ${missing.join(', ')})`, tests)
}

export const programs = (...names: readonly string[]): Readonly<Record<string, boolean>> =>
  Object.fromEntries(names.map((name) => [name, findProgram(name) !== undefined]))

export const isRoot = process.getuid?.() === 0
export const isLinux = process.platform === 'linux'
export const isPosix = process.platform !== 'win32'
