// Where the programs are that tools start: dist/bin of a clone, a folder on the PATH, or else a folder in the user's home, which is
// filled with links to the thin client of this platform, or to its twin in TypeScript if the package has none.

import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import { helperPrograms, nativeProgram, selfCommand } from '../../platform/self.ts'
import { helpers } from '../../wire/helper-table.ts'

const isWindows = process.platform === 'win32'
const nativeClient = nativeProgram('authsock-client')
const client = isWindows ? 'authsock-client.cmd' : 'authsock-client'

/** The thin client, and the names that tools know it by. */
export const programNames: readonly string[] = ['authsock-client', ...new Set(helpers.flatMap(({ programs }) => programs))]

/** Undefined if they are not installed. */
export function findPrograms(env: NodeJS.ProcessEnv, home: string): string | undefined {
  const folders = [helperPrograms, ...(env['PATH'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder))]
  return [...folders, ownFolder(env, home)].find((folder) => existsSync(join(folder, client)))
}

/** Made by `programsFolder`. */
export function ownFolder(env: NodeJS.ProcessEnv, home: string): string {
  const data = isWindows ? env['LOCALAPPDATA'] : (env['XDG_DATA_HOME'] ?? join(home, '.local', 'share'))
  return join(data ?? home, 'authsock', 'bin')
}

export function programsFolder(env: NodeJS.ProcessEnv, home: string): string {
  const found = findPrograms(env, home)
  if (found !== undefined) return found
  const own = ownFolder(env, home)
  mkdirSync(own, { recursive: true, mode: 0o700 })
  for (const name of programNames) make(own, name)
  return own
}

/** What stands for a program under one of its names: a link, or a script that says which name it was started by. */
export type ProgramEntry = { readonly to: string } | { readonly script: string }

/** `name`: one of `programNames`, or `authsock` itself. */
export function programEntry(name: string): ProgramEntry {
  const isClient = name !== 'authsock'
  const native = isClient && existsSync(nativeClient)
  if (isWindows) {
    const start = native
      ? `@"${nativeClient}"`
      : `@${selfCommand()
          .map((word) => `"${word}"`)
          .join(' ')}`
    return { script: `${start}${isClient ? ` --as ${name}` : ''} %*\r\n` }
  }
  if (native) return { to: nativeClient }
  // Not `node`: on the PATH of a tool that may be another one.
  return {
    script: `#!/bin/sh\nexec ${selfCommand()
      .map((word) => `'${word}'`)
      .join(' ')}${isClient ? ` --as ${name}` : ''} "$@"\n`,
  }
}

export const programFile = (name: string): string => (isWindows ? `${name}.cmd` : name)

function make(folder: string, name: string): void {
  const path = join(folder, programFile(name))
  if (existsSync(path)) return
  const entry = programEntry(name)
  if ('to' in entry) symlinkSync(entry.to, path)
  else {
    writeFileSync(path, entry.script)
    chmodSync(path, 0o755)
  }
}
