// Where `authsock install` puts things: the folders of the XDG Base Directory specification, which bash-completion, fish and man read.

import { homedir } from 'node:os'
import { delimiter, isAbsolute, join } from 'node:path'

export interface Places {
  readonly home: string
  /** Of the helper programs. */
  readonly programs: string
  readonly bashCompletions: string
  readonly zshFunctions: string
  readonly fishCompletions: string
  /** A file that a PowerShell profile reads. */
  readonly powershellScript: string
  /** Above man1, man5, man7. */
  readonly manPages: string
  /** The folders of the PATH. */
  readonly path: readonly string[]
}

/** `binDir`: as the user gave it, if so. */
export function placesOf(env: NodeJS.ProcessEnv, binDir: string | undefined, stateFolder: string): Places {
  const home = env['HOME'] ?? homedir()
  const isWindows = process.platform === 'win32'
  const data = isWindows ? join(env['LOCALAPPDATA'] ?? home) : absolute(env['XDG_DATA_HOME'], join(home, '.local', 'share'))
  return {
    home,
    programs: binDir ?? (isWindows ? join(data, 'authsock', 'bin') : join(home, '.local', 'bin')),
    bashCompletions: join(data, 'bash-completion', 'completions'),
    zshFunctions: join(data, 'zsh', 'site-functions'),
    fishCompletions: join(absolute(env['XDG_CONFIG_HOME'], join(home, '.config')), 'fish', 'completions'),
    powershellScript: join(stateFolder, 'completion.ps1'),
    manPages: join(data, 'man'),
    path: (env['PATH'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder)),
  }
}

const absolute = (path: string | undefined, fallback: string): string =>
  path !== undefined && isAbsolute(path) ? path : fallback
