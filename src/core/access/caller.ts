// Who asks: the process at the other end of a connection, as far as it can be told. The uid is what the kernel vouches for; the
// rest is advice, since a process can exec after it has connected. What cannot be told is absent, and that is a value too.

import { sanitizeForDisplay, quoteForDisplay } from '../util/text.ts'

export interface CallerProcess {
  readonly pid: number
  /** Absolute path; absent where the system does not tell. */
  readonly executable?: string
}

/** Where the process runs, as seen by the agent. `unknown` is never treated as `none` (L12). */
export type Container =
  | { readonly kind: 'none' }
  /** `id` and `engine` if the name of its cgroup says so. */
  | { readonly kind: 'inside'; readonly id?: string; readonly engine?: string }
  | { readonly kind: 'unknown' }

export interface Caller {
  readonly uid?: number
  /** In place of the uid, on Windows. */
  readonly sid?: string
  readonly pid?: number
  readonly executable?: string
  /** The parent first, up to the first process of the machine. */
  readonly parents: readonly CallerProcess[]
  readonly container: Container
  readonly terminal?: string
}

/** By which channel somebody came: the user's own socket, or a shared one. */
export type Channel = { readonly kind: 'main' } | { readonly kind: 'share'; readonly share: string; readonly transport?: 'tcp' }

/** Who cannot be looked at. */
export const unknownCaller: Caller = { parents: [], container: { kind: 'unknown' } }

export interface Requester {
  readonly caller: Caller
  readonly channel: Channel
}

/** A process and whose child it says it is. */
export interface Link extends CallerProcess {
  readonly parent: number
  /** In any unit that only grows. */
  readonly created: bigint
}

/** A chain of parents is seldom longer, and a loop never ends. */
export const maxParents = 16

/**
 * The parents of a process of Windows, the nearest first. There a child keeps the pid of a parent that has ended, and the pid is soon
 * another's: who is younger than its child is no parent.
 */
export function ancestors(child: Link, find: (pid: number) => Link | undefined): readonly CallerProcess[] {
  const parents: CallerProcess[] = []
  for (let at = child; parents.length < maxParents;) {
    const parent = at.parent === 0 ? undefined : find(at.parent)
    if (parent === undefined || parent.created > at.created || parent.pid === at.pid) break
    parents.push({ pid: parent.pid, ...(parent.executable === undefined ? {} : { executable: parent.executable }) })
    at = parent
  }
  return parents
}

/** Whether it is one of Windows, where the case of letters does not count. */
export const isWindowsPath = (path: string): boolean => /^([A-Za-z]:)?\\/.test(path)

/** Of a program: what is asked for must stay in sight. */
const maxName = 48

const nameOf = (path: string): string => path.slice(path.lastIndexOf(isWindowsPath(path) ? '\\' : '/') + 1)

/** For people: `git-remote-https (pid 123) of make, in container 0123456789ab, by share devbox`. */
export function callerText({ caller, channel }: Requester): string {
  const { executable, pid, parents, container } = caller
  const program =
    executable === undefined ? 'an unknown program' : quoteForDisplay(sanitizeForDisplay(nameOf(executable), maxName))
  const number = pid === undefined ? '' : ` (pid ${pid})`
  const parent = parents.find((each) => each.executable !== undefined && each.executable !== executable)?.executable
  const of = parent === undefined ? '' : ` of ${quoteForDisplay(sanitizeForDisplay(nameOf(parent), maxName))}`
  const where =
    container.kind === 'inside' ? `, in container${container.id === undefined ? '' : ` ${container.id.slice(0, 12)}`}` : ''
  const way = channel.kind === 'main' ? '' : `, by share ${channel.share}${channel.transport === 'tcp' ? ' over TCP' : ''}`
  return `${program}${number}${of}${where}${way}`
}
