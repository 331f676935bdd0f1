// The audit's records: what was given to whom, and what was refused, a JSON line each, bound to the line before by its hash. No
// token is in it. Pure: agent/audit-log.ts keeps the files.

import type { Caller, Door } from './caller.ts'
import type { Target } from './session.ts'

export interface AuditEntry {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly event: 'issued' | 'refused' | 'shared' | 'unshared' | 'locked' | 'unlocked' | 'logged_in' | 'logged_out'
  /** By what request: `token`, or a helper's name. */
  readonly request?: string
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
  readonly door?: Door
}

/** What stands in front of the first line of all. */
export const firstHash = '0'.repeat(64)

/** `prev`: the hash of the line before. Names on the wire are snake_case; instants are ms, for many share a second. */
export function auditLine(entry: AuditEntry, seq: number, prev: string): string {
  const { caller, door, target, expiresAt, ...rest } = entry
  return JSON.stringify({
    seq,
    ...rest,
    ...(target?.scope === undefined ? {} : { scope: target.scope.join(' ') }),
    ...(target?.resource === undefined ? {} : { resource: target.resource }),
    ...(target?.audience === undefined ? {} : { audience: target.audience }),
    ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
    ...(door === undefined ? {} : door.kind === 'share' ? { share: door.share } : {}),
    ...(caller === undefined ? {} : { caller: callerFields(caller) }),
    prev,
  })
}

function callerFields({ uid, pid, executable, parents, container, terminal, isKnown }: Caller) {
  return {
    ...(uid === undefined ? {} : { uid }),
    ...(pid === undefined ? {} : { pid }),
    executable: executable ?? 'unknown',
    ...(parents.length === 0 ? {} : { parents: parents.map((each) => each.executable ?? `pid ${each.pid}`) }),
    container: container === undefined ? (isKnown ? 'none' : 'unknown') : (container.id ?? 'unknown id'),
    ...(terminal === undefined ? {} : { terminal }),
  }
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
