// Runs the programs that make packages.

import { spawnSync, type SpawnSyncOptions } from 'node:child_process'

/** stdout. Throws with what the program said. Two runs give the same bytes: neither language nor time zone nor umask comes from outside. */
export function run(program: string, args: readonly string[], options: SpawnSyncOptions = {}): string {
  const env = { ...process.env, LC_ALL: 'C.UTF-8', TZ: 'UTC', NODE_DISABLE_COMPILE_CACHE: '1', ...options.env }
  const { status, error, stdout, stderr } = spawnSync(program, args, { maxBuffer: 1 << 30, ...options, env, encoding: 'utf8' })
  if (error !== undefined) throw new Error(`${program} cannot be started: ${error.message}`)
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} fails:\n${stderr}${stdout}`)
  return stdout
}

export const isInstalled = (program: string): boolean =>
  spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined
