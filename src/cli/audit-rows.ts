// A record of the audit log as a row of a table, and with its times in seconds. Whatever a line holds, it is shown.

import type { AuditRecord } from '../audit/record.ts'
import { dateTime } from '../core/util/durations.ts'
import { type Cell, cell, type Table } from './table.ts'
import type { Style } from './terminal.ts'

const headings = ['time', 'event', 'credential', 'caller', 'from', 'details']

export const auditTable = (rows: readonly (readonly Cell[])[], minWidths: readonly number[] = []): Table => ({
  headings,
  rows,
  optional: [4, 5],
  minWidths,
})

export function auditRow(record: AuditRecord & { readonly text: string }, style: Style): readonly Cell[] {
  const fields = JSON.parse(record.text) as Record<string, unknown>
  const event = textOf(record.event)
  const looks: Readonly<Record<string, Cell['paint']>> = { refused: style.bad, issued: style.good }
  const { count, code, resource, audience, scope, request } = fields
  const details = [
    count === undefined ? undefined : `${textOf(count)} times`,
    code,
    request === undefined || request === 'token' ? undefined : `${textOf(request)} helper`,
    scope,
    resource,
    audience,
  ]
  return [
    cell(timeOf(record.at), style.dim),
    cell(event, looks[event]),
    cell(credentialOf(fields)),
    cell(callerOf(record)),
    cell(placeOf(record)),
    cell(details.flatMap((each) => (each === undefined ? [] : [textOf(each)])).join('  ')),
  ]
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))

/** `work`, `id_token work`, `secret github`. */
function credentialOf({ credential, secret, profile }: Record<string, unknown>): string {
  if (secret !== undefined) return `secret ${textOf(secret)}`
  if (profile === undefined) return '-'
  return credential === undefined || credential === 'access_token' ? textOf(profile) : `${textOf(credential)} ${textOf(profile)}`
}

/** Our own programs are only the messenger: the program that started them is named first. */
const own = /(^|[/\\])(node|authsock[\w-]*|[\w-]+-authsock)(\.exe)?$/

function callerOf({ caller }: AuditRecord): string {
  if (caller === undefined) return '-'
  const { executable = 'unknown', pid, parents = [] } = caller as typeof caller & { readonly parents?: readonly string[] }
  const starter = own.test(textOf(executable)) ? parents.find((each) => !own.test(textOf(each))) : undefined
  const number = pid === undefined ? '' : ` (${textOf(pid)})`
  return starter === undefined ? `${textOf(executable)}${number}` : `${textOf(starter)} > authsock${number}`
}

function placeOf({ share, caller }: AuditRecord): string {
  if (share !== undefined) return `share ${textOf(share)}`
  const container = caller?.container
  return container === undefined || container === 'none' ? '-' : textOf(container)
}

/** `2027-01-31 08:00:00`, local. */
const timeOf = (at: unknown): string =>
  typeof at === 'number' && Math.abs(at) <= 8.64e15
    ? `${dateTime(at / 1000)}:${String(new Date(at).getSeconds()).padStart(2, '0')}`
    : 'invalid time'

const msFields = new Set(['at', 'since', 'expires_at'])

/** The log has milliseconds; every output has seconds. */
export const inSeconds = (fields: object): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(fields).map(([key, value]: [string, unknown]) => [
      key,
      msFields.has(key) && typeof value === 'number' ? value / 1000 : value,
    ]),
  )
