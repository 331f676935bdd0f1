// Which records `authsock audit` shows.

import type { AuditRecord } from './record.ts'

export interface AuditFilter {
  readonly profile?: string
  /** Part of the executable's path. */
  readonly caller?: string
  /** The beginning of its id. */
  readonly container?: string
  readonly share?: string
  readonly event?: string
  /** ms since the epoch. */
  readonly since?: number
  readonly until?: number
}

export function matchesFilter(record: AuditRecord, filter: AuditFilter): boolean {
  const { profile, caller, container, share, event, since, until } = filter
  return (
    (profile === undefined || record.profile === profile) &&
    (share === undefined || record.share === share) &&
    (event === undefined || record.event === event) &&
    (since === undefined || (record.at !== undefined && record.at >= since)) &&
    (until === undefined || (record.at !== undefined && record.at <= until)) &&
    (caller === undefined || record.caller?.executable?.includes(caller) === true) &&
    (container === undefined || record.caller?.container?.startsWith(container) === true)
  )
}
