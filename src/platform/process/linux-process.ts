// What Linux tells about a process: its program, parents, terminal and container.

import { type CallerProcess, maxParents } from '../../core/access/caller.ts'
import { defined } from '../../core/util/defined.ts'
import { containerOf } from './container.ts'
import type { ProcessInfo } from './process-info.ts'
import { readLink, readStat } from './proc.ts'

/** The fields that cannot be read are absent; the container is then `unknown`. */
export function readLinuxProcess(pid: number): ProcessInfo {
  const stat = readStat(pid)
  return {
    container: stat === undefined ? { kind: 'unknown' } : containerOf(pid),
    parents: stat === undefined ? [] : parentsFrom(stat.parent),
    ...defined({ executable: readLink(`/proc/${pid}/exe`), terminal: stat?.terminal }),
  }
}

function parentsFrom(first: number): readonly CallerProcess[] {
  const parents: CallerProcess[] = []
  for (let pid = first; pid > 0 && parents.length < maxParents;) {
    parents.push({ pid, ...defined({ executable: readLink(`/proc/${pid}/exe`) }) })
    pid = readStat(pid)?.parent ?? 0
  }
  return parents
}
