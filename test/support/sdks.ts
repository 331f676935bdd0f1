// The SDKs that scripts/lab/install-sdks.sh has installed, and `authsock serve` for them.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { Finished, Home } from './home.ts'
import { nativePrograms } from './programs.ts'

const folder = join(process.env['AUTHSOCK_TEST_CLIENTS'] ?? join(homedir(), '.cache', 'authsock-test-clients'), 'sdks')

/** For describeWith. */
export const sdks = { 'scripts/lab/install-sdks.sh': existsSync(join(folder, 'installed')) }

/** Our programs come first, then those of the SDKs. */
export const sdkPath = (): string => [nativePrograms(), join(folder, 'python', 'bin'), process.env['PATH'] ?? ''].join(delimiter)

export const nodePackage = (name: string): string => join(folder, 'node', 'node_modules', name)

/** Any program to its end, in the home's environment. */
export async function run(home: Home, command: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Finished> {
  const [program = '', ...args] = command
  const child = spawn(program, args, { env: { ...home.env, PATH: sdkPath(), ...env }, cwd: home.path, stdio: 'pipe' })
  child.stdin.end()
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => void (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => void (stderr += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

/** What a script prints as JSON. */
export async function runPython<T>(home: Home, script: string, env: NodeJS.ProcessEnv = {}): Promise<T> {
  return parse(await run(home, [join(folder, 'python', 'bin', 'python'), '-c', script], env))
}

/** The same, of an ES module. */
export async function runNode<T>(home: Home, script: string, env: NodeJS.ProcessEnv = {}): Promise<T> {
  return parse(await run(home, [process.execPath, '--input-type=module', '-e', script], env))
}

function parse<T>({ code, stdout, stderr }: Finished): T {
  if (code !== 0) throw new Error(`ended with ${code}: ${stderr}`)
  return JSON.parse(stdout) as T
}

export interface Served {
  readonly child: ChildProcess
  readonly variables: Readonly<Record<string, string>>
}

/** `authsock serve ...`, running. */
export async function serve(home: Home, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Served> {
  const child = home.spawn(['serve', ...args, '--json'], { env })
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => void (said += chunk.toString()))
  let text = ''
  for await (const chunk of (child.stdout ?? []) as AsyncIterable<Buffer>) {
    text += chunk.toString()
    if (text.endsWith('\n')) return { child, variables: (JSON.parse(text) as Omit<Served, 'child'>).variables }
  }
  throw new Error(`authsock serve has ended: ${said}`)
}

export async function currentToken(home: Home, query = 'profile=work'): Promise<string> {
  return (await home.http('GET', `/v1/token?${query}`)).json<{ access_token: string }>().access_token
}
