// The audit's records: what was given to whom, and what was refused, a JSON line each, bound to the line before by its hash. No
// token is in it. Pure: audit/writer.ts keeps the files.

import type { CredentialKind } from '../core/access/access-request.ts'
import type { Caller, Channel } from '../core/access/caller.ts'
import type { Target } from '../core/session/session.ts'

export interface AuditEntry {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly event: 'issued' | 'refused' | 'shared' | 'unshared' | 'locked' | 'unlocked' | 'logged_in' | 'logged_out'
  /** By what request: `token`, or a helper's name. */
  readonly request?: string
  readonly credential?: CredentialKind
  readonly profile?: string
  readonly secret?: string
  readonly target?: Target
  /** Of what was issued; ms since the epoch. */
  readonly expiresAt?: number
  /** Of a refusal. */
  readonly code?: string
  readonly reason?: string
  /** The rule that decided, from 1, as config.toml orders them. */
  readonly rule?: number
  readonly caller?: Caller
  readonly channel?: Channel
  /** Of a line that stands for so many since `since`, of which it is the last. */
  readonly count?: number
  readonly since?: number
}

/** Characters of a text that others chose: a line is for people, and a flood of long ones would push the others out. */
const maxText = 300

/** What stands in front of the first line of all. */
export const firstHash = '0'.repeat(64)

/** `prev`: the hash of the line before. Names on the wire are snake_case; instants are ms, for many share a second. */
export function auditLine(entry: AuditEntry, seq: number, prev: string): string {
  const { caller, channel, target, expiresAt, reason, ...rest } = entry
  const line = escaped({
    seq,
    ...rest,
    ...(reason === undefined ? {} : { reason: clipped(reason) }),
    ...(target?.scope === undefined ? {} : { scope: clipped(target.scope.join(' ')) }),
    ...(target?.resource === undefined ? {} : { resource: clipped(target.resource) }),
    ...(target?.audience === undefined ? {} : { audience: clipped(target.audience) }),
    ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
    ...(channel?.kind === 'share' ? { share: channel.share } : {}),
    ...(channel?.kind === 'share' && channel.transport !== undefined ? { transport: channel.transport } : {}),
  })
  const by = caller === undefined ? '' : `,"caller":${escaped(callerFields(caller))}`
  return `${line.slice(0, -1)}${by},"prev":"${prev}"}`
}

function callerFields({ uid, sid, pid, executable, parents, container, terminal }: Caller) {
  return {
    ...(uid === undefined ? {} : { uid }),
    ...(sid === undefined ? {} : { sid }),
    ...(pid === undefined ? {} : { pid }),
    executable: executable === undefined ? 'unknown' : clippedPath(executable),
    ...(parents.length === 0
      ? {}
      : { parents: parents.map((each) => (each.executable === undefined ? `pid ${each.pid}` : clippedPath(each.executable))) }),
    container: container.kind === 'inside' ? (container.id ?? 'unknown id') : container.kind,
    ...(terminal === undefined ? {} : { terminal }),
  }
}

const clipped = (text: string): string => (text.length <= maxText ? text : `${text.slice(0, maxText)}…`)
/** The end says what it is. */
const clippedPath = (path: string): string => (path.length <= maxText ? path : `…${path.slice(-maxText)}`)

/** JSON leaves some characters as they are that end lines, move cursors or hide text where the file is looked at. */
function escaped(value: unknown): string {
  const json = JSON.stringify(value)
  if (!/[^ -~]/.test(json)) return json
  return json.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (found) =>
    Array.from({ length: found.length }, (_, at) => `\\u${found.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''),
  )
}

export interface AuditRecord {
  readonly seq: number
  readonly at: number
  readonly event: string
  readonly prev: string
  readonly profile?: string
  readonly share?: string
  readonly caller?: { readonly executable?: string; readonly container?: string; readonly pid?: number; readonly uid?: number }
}

/** Undefined where a line is none: cut by a crash, or written by somebody else. */
export function parseAuditLine(line: string): AuditRecord | undefined {
  try {
    const json = JSON.parse(line) as AuditRecord
    return typeof json === 'object' && json !== null && Number.isInteger(json.seq) && typeof json.prev === 'string'
      ? json
      : undefined
  } catch {
    return undefined
  }
}

export interface AuditFilter {
  readonly profile?: string
  /** Part of the executable's path. */
  readonly caller?: string
  readonly container?: string
  readonly share?: string
  readonly event?: string
  /** ms since the epoch. */
  readonly since?: number
  readonly until?: number
}

export function isWanted(record: AuditRecord, filter: AuditFilter): boolean {
  const { profile, caller, container, share, event, since, until } = filter
  return (
    (profile === undefined || record.profile === profile) &&
    (share === undefined || record.share === share) &&
    (event === undefined || record.event === event) &&
    (since === undefined || record.at >= since) &&
    (until === undefined || record.at <= until) &&
    (caller === undefined || record.caller?.executable?.includes(caller) === true) &&
    (container === undefined || record.caller?.container?.startsWith(container) === true)
  )
}
