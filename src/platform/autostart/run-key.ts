// Windows: a value of the user's Run key. The agent is a program of the console, and would show a window: a starter without one starts it
// (installers/windows/authsock-start.c).

import { execFileSync } from 'node:child_process'
import { Failure } from '../../core/failures.ts'
import type { AgentLaunch, Autostart } from './autostart.ts'

const key = 'HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run'
const value = 'authsock'

/** `starter`: the path of authsock-start.exe. */
export function runKey({ command }: AgentLaunch, starter: string): Autostart {
  const line = [starter, ...command, '--log', 'quiet'].map(quote).join(' ')
  return {
    kind: 'run-key',
    name: 'Run key',
    files: [],
    enable: () => reg('add', key, '/v', value, '/t', 'REG_SZ', '/d', line, '/f'),
    disable: () => {
      if (isSet()) reg('delete', key, '/v', value, '/f')
    },
    removed: () => {},
  }
}

/** As CommandLineToArgvW reads it. */
const quote = (text: string): string => `"${text.replaceAll(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')}"`

function isSet(): boolean {
  try {
    execFileSync('reg', ['query', key, '/v', value], { stdio: 'ignore', windowsHide: true })
    return true
  } catch {
    return false
  }
}

function reg(...args: readonly string[]): void {
  try {
    execFileSync('reg', args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8', windowsHide: true })
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string }
    throw new Failure('storage_failed', `reg ${args[0]} ${key}: ${stderr.trim()}`, {
      hint: 'check the rights of the key',
      cause: error,
    })
  }
}
