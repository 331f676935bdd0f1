// How many descriptors this process may have open. Node has raised the soft limit to the hard one at its start.

import { readFileSync } from 'node:fs'
import { libc } from '../ffi.ts'

/** If it cannot be told: what most systems give at least. */
const assumed = 1024
const unlimited = 1_048_576

export function descriptorLimit(): number {
  if (process.platform === 'win32') return 16_384
  return fromProc() ?? fromLibc() ?? assumed
}

function fromProc(): number | undefined {
  try {
    const soft = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
    return soft === undefined ? undefined : soft === 'unlimited' ? unlimited : Math.min(Number(soft), unlimited)
  } catch {
    return undefined
  }
}

/** macOS: RLIMIT_NOFILE is 8, and rlim_t has 64 bits. */
function fromLibc(): number | undefined {
  if (process.platform !== 'darwin') return undefined
  const limits = Buffer.alloc(16)
  const failed = libc()?.libc.func('int getrlimit(int, void *)')(8, limits) as number | undefined
  if (failed !== 0) return undefined
  const soft = limits.readBigUInt64LE()
  return soft > BigInt(unlimited) ? unlimited : Number(soft)
}
