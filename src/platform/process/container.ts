// Whether a process of this Linux machine runs in a container, as seen from the agent, and in which one. Container engines give each
// container a mount namespace of its own. What cannot be read gives `unknown`, never `none` (S2, L12).

import type { Container } from '../../core/access/caller.ts'
import { defined } from '../../core/util/defined.ts'
import { readMounts } from '../fs/mounts.ts'
import { readLink, readText } from './proc.ts'

/** `/proc/PID` may be unreadable in part: ns/mnt is, for processes of other users and those that are not dumpable. */
export function containerOf(pid: number): Container {
  const isOutside = sharesMountNamespace(pid)
  if (isOutside === true) return { kind: 'none' }
  const cgroup = readText(`/proc/${pid}/cgroup`)
  const name = nameInCgroup(cgroup ?? '')
  const isInside = isOutside === false || name.id !== undefined || hasNestedPid(pid)
  return isInside ? { kind: 'inside', ...name } : { kind: 'unknown' }
}

let ownNamespace: string | undefined

/** Undefined if the system does not tell. */
function sharesMountNamespace(pid: number): boolean | undefined {
  const theirs = readLink(`/proc/${pid}/ns/mnt`)
  ownNamespace ??= readLink('/proc/self/ns/mnt')
  if (theirs !== undefined && ownNamespace !== undefined) return theirs === ownNamespace
  return sharesMounts(pid)
}

/** The same from the list of mounts, which every user may read: a mount belongs to one namespace. */
function sharesMounts(pid: number): boolean | undefined {
  const theirs = readMounts(pid).filter(({ path }) => path === '/')
  if (theirs.length === 0) return undefined
  const own = new Set(readMounts('self').map(({ id }) => id))
  return own.size === 0 ? undefined : theirs.some(({ id }) => own.has(id))
}

/** In a pid namespace below the agent's, a process has more than one pid. */
function hasNestedPid(pid: number): boolean {
  const pids = /^NSpid:\s*(.*)$/m.exec(readText(`/proc/${pid}/status`) ?? '')?.[1]
  return pids !== undefined && pids.trim().split(/\s+/).length > 1
}

const engines: Readonly<Record<string, string>> = { libpod: 'podman', 'cri-containerd': 'containerd', crio: 'cri-o' }

function nameInCgroup(cgroup: string): { readonly id?: string; readonly engine?: string } {
  const found = /(?:^|[/-])(docker|libpod|crio|cri-containerd|lxc)[-/]([0-9a-f]{12,64})/m.exec(cgroup)
  const id = found?.[2] ?? /\/([0-9a-f]{64})(?:[/.]|$)/m.exec(cgroup)?.[1]
  const engine = found?.[1] === undefined ? undefined : (engines[found[1]] ?? found[1])
  return defined({ id, engine })
}
