// Whether this process may read from its terminal. A background job that reads from it, or changes its settings, is stopped
// by SIGTTIN or SIGTTOU, and its whole process group with it.

import { readFileSync } from 'node:fs'

const isWindows = process.platform === 'win32'

/** Whether the process group is the foreground group of the controlling terminal, as tcgetpgrp(3) tells; false without one. */
export function isForegroundProcess(): boolean {
  if (isWindows) return [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY)
  const [group, foreground] = process.platform === 'linux' ? fromProc() : fromPs()
  return group !== undefined && group === foreground
}

/** proc(5): after the name in parentheses come state, ppid, pgrp, session, tty_nr, tpgid. */
function fromProc(): readonly (string | undefined)[] {
  try {
    const [, , group, , , foreground] = readFileSync('/proc/self/stat', 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return [group, foreground]
  } catch {
    return fromPs()
  }
}

function fromPs(): readonly (string | undefined)[] {
  try {
    // Not an import, which would cost every command its loading: only macOS needs it.
    const { execFileSync } = process.getBuiltinModule('node:child_process')
    const text = execFileSync('/bin/ps', ['-o', 'pgid=,tpgid=', '-p', String(process.pid)], { encoding: 'utf8', timeout: 2_000 })
    return text.trim().split(/\s+/)
  } catch {
    return []
  }
}
