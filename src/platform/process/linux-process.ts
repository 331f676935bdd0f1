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
  for (let pid = first; pid > 0 && parents.length < maxParents; pid = parentOf(pid)) {
    // Read each time: a process may execute another program (S11).
    parents.push({ pid, ...defined({ executable: readLink(`/proc/${pid}/exe`) }) })
  }
  return parents
}

/** The parent of a process seldom changes, and a tool may connect for each of many requests. */
const cachedForMs = 1_000
const maxCached = 256
const parentPids = new Map<number, { readonly at: number; readonly parent: number }>()

function parentOf(pid: number): number {
  const now = performance.now()
  const known = parentPids.get(pid)
  if (known !== undefined && now - known.at < cachedForMs) return known.parent
  const parent = readStat(pid)?.parent ?? 0
  if (parentPids.size >= maxCached) parentPids.clear()
  parentPids.set(pid, { at: now, parent })
  return parent
}
