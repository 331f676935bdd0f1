// The records of the audit log: what was issued to whom, and what was refused, a JSON line each, bound to the line before by its
// hash. No token is in it. Pure.

import type { CredentialKind } from '../core/access/access-request.ts'
import type { Caller, Channel } from '../core/access/caller.ts'
import { visibleJson } from '../core/util/text.ts'
import type { Target } from '../core/session/session.ts'
import { defined } from '../core/util/defined.ts'
import { DecodeError, number, object, string } from '../core/util/json-decoder.ts'

export interface AuditEntry {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly event: 'issued' | 'refused' | 'shared' | 'unshared' | 'locked' | 'unlocked' | 'logged_in' | 'logged_out' | 'rotated'
  /** The kind of request: `token`, or a helper's name. */
  readonly request?: string
  readonly credential?: CredentialKind
  readonly profile?: string
  readonly secret?: string
  readonly target?: Target
  /** When what was issued expires; ms since the epoch. */
  readonly expiresAt?: number
  /** Of a refusal. */
  readonly code?: string
  readonly reason?: string
  /** The rule that decided: its position in config.toml, from 1. */
  readonly rule?: number
  readonly caller?: Caller
  readonly channel?: Channel
  /** The line stands for so many events since `since`, of which it is the last. */
  readonly count?: number
  readonly since?: number
  /** Of `rotated`: the first line that is kept. */
  readonly first?: FirstKept
}

export interface FirstKept {
  readonly seq: number
  readonly prev: string
}

/** Characters of a text that others chose: lines are read by people, and a flood of long ones would push out the others. */
const maxText = 300

/** `prev` of the first line ever written. */
export const firstHash = '0'.repeat(64)

/** `prev`: the hash of the line before. Names are snake_case; times are in ms, since many lines share a second. */
export function auditLine(entry: AuditEntry, seq: number, prev: string): string {
  const { caller, channel, target, expiresAt, reason, ...rest } = entry
  const line = visibleJson({
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
  const by = caller === undefined ? '' : `,"caller":${visibleJson(callerFields(caller))}`
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
/** The end of a path tells which program it is. */
const clippedPath = (path: string): string => (path.length <= maxText ? path : `…${path.slice(-maxText)}`)

export interface AuditRecord {
  readonly seq: number
  readonly prev: string
  readonly at?: number
  readonly event?: string
  readonly profile?: string
  readonly share?: string
  readonly caller?: { readonly executable?: string; readonly container?: string; readonly pid?: number }
  readonly first?: FirstKept
}

/** Undefined if the line is not a record: cut by a crash, or written by another program. Fields of another type are left out. */
export function parseAuditLine(line: string): AuditRecord | undefined {
  try {
    const json = object(JSON.parse(line), 'record')
    const first = json['first'] === undefined ? undefined : object(json['first'], 'first')
    return {
      seq: integer(json['seq'], 'seq'),
      prev: string(json['prev'], 'prev'),
      ...defined({
        at: typeof json['at'] === 'number' ? json['at'] : undefined,
        event: textOf(json['event']),
        profile: textOf(json['profile']),
        share: textOf(json['share']),
        caller: json['caller'] === undefined ? undefined : callerOf(json['caller']),
        first: first && { seq: integer(first['seq'], 'seq'), prev: string(first['prev'], 'prev') },
      }),
    }
  } catch {
    return undefined
  }
}

function callerOf(json: unknown): NonNullable<AuditRecord['caller']> {
  const { executable, container, pid } = object(json, 'caller')
  return defined({ executable: textOf(executable), container: textOf(container), pid: typeof pid === 'number' ? pid : undefined })
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

function integer(value: unknown, at: string): number {
  const found = number(value, at)
  if (!Number.isInteger(found)) throw new DecodeError(`'${at}' is not an integer`)
  return found
}
