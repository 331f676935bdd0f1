// The screen being locked, as logind tells it: `gdbus monitor` prints a line for each signal of this user's sessions.

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** Does nothing where there is no logind to ask. */
export function watchScreenLock(locked: () => void): () => void {
  if (process.platform !== 'linux') return () => {}
  const child = spawn('gdbus', ['monitor', '--system', '--dest', 'org.freedesktop.login1'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  child.on('error', () => {})
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => {
    if (/org\.freedesktop\.login1\.Session\.Lock \(\)/.test(line) || /'LockedHint': <true>/.test(line)) locked()
  })
  return () => {
    lines.close()
    child.kill()
  }
}
