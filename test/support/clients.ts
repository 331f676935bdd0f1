// Real clients of tools: those on the PATH, and those that scripts/lab/install-clients.sh has put into a folder of its own.

import { spawn, type SpawnOptions } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { Finished, Home } from './home.ts'
import { nativePrograms } from './programs.ts'

const folder = process.env['AUTHSOCK_TEST_CLIENTS'] ?? join(homedir(), '.cache', 'authsock-test-clients')

/** Where the installed client is, whether it is there or not: `python/bin/twine`. */
export const clientPath = (path: string): string => join(folder, path)

/** For describeWith. */
export const clients = (...paths: readonly string[]): Readonly<Record<string, boolean>> =>
  Object.fromEntries(paths.map((path) => [`${path} of install-clients.sh`, existsSync(clientPath(path))]))

export interface ClientOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly stdin?: string
  readonly cwd?: string
  /** In front of the PATH, before our programs. */
  readonly path?: readonly string[]
  /** On the PATH right after our programs. */
  readonly afterPath?: readonly string[]
}

/** A client to its end, in the test's home, without a terminal, with our programs first on its PATH. A minute is the most. */
export function runClient(
  home: Home,
  program: string,
  args: readonly string[],
  { env = {}, stdin = '', cwd = home.path, path = [], afterPath = [] }: ClientOptions = {},
): Promise<Finished> {
  const folders = [...path, nativePrograms(), ...afterPath, process.env['PATH'] ?? '']
  const options: SpawnOptions = {
    env: { ...home.env, PATH: folders.join(delimiter), ...env },
    cwd,
    detached: true,
    timeout: 60_000,
  }
  const child = spawn(program, [...args], { ...options, stdio: ['pipe', 'pipe', 'pipe'] })
  const said = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => void (said.stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => void (said.stderr += chunk.toString()))
  child.stdin.on('error', () => {})
  child.stdin.end(stdin)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, ...said }))
  })
}
