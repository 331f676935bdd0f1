// Whether a process of this Linux machine runs in a container, as seen from the agent, and in which one.

import type { Container } from '../../core/access/caller.ts'
import { defined } from '../../core/util/defined.ts'
import { readLink, readText } from './proc.ts'

let ownNamespace: string | undefined

/** Every container engine gives its containers a mount namespace of their own. */
export function containerOf(pid: number): Container {
  const theirs = readLink(`/proc/${pid}/ns/mnt`)
  ownNamespace ??= readLink('/proc/self/ns/mnt')
  if (theirs === undefined || theirs === ownNamespace) return { kind: 'none' }
  return { kind: 'inside', ...nameInCgroup(readText(`/proc/${pid}/cgroup`) ?? '') }
}

const engines: Readonly<Record<string, string>> = { libpod: 'podman', 'cri-containerd': 'containerd', crio: 'cri-o' }

function nameInCgroup(cgroup: string): { readonly id?: string; readonly engine?: string } {
  const found = /(?:^|[/-])(docker|libpod|crio|cri-containerd|lxc)[-/]([0-9a-f]{12,64})/m.exec(cgroup)
  const id = found?.[2] ?? /\/([0-9a-f]{64})(?:[/.]|$)/m.exec(cgroup)?.[1]
  const engine = found?.[1] === undefined ? undefined : (engines[found[1]] ?? found[1])
  return defined({ id, engine })
}
