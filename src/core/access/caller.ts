// The caller: the process at the other end of a connection, and the channel it came by. The kernel vouches for the uid; the rest
// is advice, since a process can execute another program after it has connected. What the system does not tell is absent.

import { sanitizeForDisplay, quoteForDisplay } from '../util/text.ts'

export interface CallerProcess {
  readonly pid: number
  /** Absolute path; absent if the system does not tell. */
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
  /** On Windows, instead of the uid. */
  readonly sid?: string
  readonly pid?: number
  readonly executable?: string
  /** The parent first, then its parent, up to the first process of the machine. */
  readonly parents: readonly CallerProcess[]
  readonly container: Container
  readonly terminal?: string
}

/** The way a request came in: the user's own socket, or a share's socket or TCP port. */
export type Channel = { readonly kind: 'main' } | { readonly kind: 'share'; readonly share: string; readonly transport?: 'tcp' }

/** A process of which nothing is known. */
export const unknownCaller: Caller = { parents: [], container: { kind: 'unknown' } }

export interface Requester {
  readonly caller: Caller
  readonly channel: Channel
}

/** A process with the pid of its parent. */
export interface Link extends CallerProcess {
  readonly parent: number
  /** Time of creation, in any unit that only grows. */
  readonly created: bigint
}

/** Seldom reached; ends a loop. */
export const maxParents = 16

/**
 * The parents of a process on Windows, the nearest first. A child keeps the pid of a parent that has ended, and Windows gives that pid
 * to another process: one that is younger than the child is not its parent.
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

/** A path of Windows, which is compared without regard to case. */
export const isWindowsPath = (path: string): boolean => /^([A-Za-z]:)?\\/.test(path)

/** Characters of a program's name: the rest of the line must stay visible. */
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
