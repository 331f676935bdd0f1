// The mounts of a process on Linux, from /proc/PID/mountinfo, which every user may read.

import { readFileSync } from 'node:fs'

export interface Mount {
  /** Unique on the machine. A mount belongs to one mount namespace. */
  readonly id: string
  readonly path: string
  readonly options: readonly string[]
}

/** proc(5): mount id, parent id, device, root, mount point, options. Empty if it cannot be read. */
export function readMounts(pid: number | 'self'): readonly Mount[] {
  return read(`/proc/${pid}/mountinfo`)
    .split('\n')
    .filter((row) => row !== '')
    .map((row) => row.split(' '))
    .map(([id = '', , , , path = '', options = '']) => ({ id, path: unescape(path), options: options.split(',') }))
}

/** Whether the mount that `path` is in is read-only for this process. `path`: absolute, without links. */
export function isInReadOnlyMount(path: string): boolean {
  const above = readMounts('self').filter(
    (mount) => mount.path === '/' || path === mount.path || path.startsWith(`${mount.path}/`),
  )
  const depth = Math.max(...above.map((mount) => mount.path.length))
  // A later mount at the same path hides the earlier one.
  return above.findLast((mount) => mount.path.length === depth)?.options.includes('ro') === true
}

const unescape = (path: string): string =>
  path.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
