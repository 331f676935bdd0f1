// `authsock audit`: who was given what, and who was refused.

import { setTimeout as pause } from 'node:timers/promises'
import { type AuditFilter, matchesFilter } from '../../audit/filter.ts'
import { readAudit } from '../../audit/reader.ts'
import type { AuditRecord } from '../../audit/record.ts'
import { verifyAudit } from '../../audit/verify.ts'
import { exitCodes } from '../../core/failures.ts'
import { sanitizeForDisplay } from '../../core/util/text.ts'
import { paths } from '../../client/local.ts'
import type { Context } from '../context.ts'
import { parseTime } from '../time-input.ts'

export interface AuditOptions {
  readonly profile?: string
  readonly caller?: string
  readonly container?: string
  readonly share?: string
  readonly event?: string
  readonly since?: string
  readonly until?: string
  readonly follow?: boolean
}

/** ms. */
const pollingInterval = 500

export async function audit(context: Context, options: AuditOptions): Promise<void> {
  const { auditFile } = paths(context.env)
  const { since, until, follow, ...rest } = options
  const now = Date.now()
  const filter: AuditFilter = {
    ...rest,
    ...(since === undefined ? {} : { since: parseTime('--since', since, now) }),
    ...(until === undefined ? {} : { until: parseTime('--until', until, now) }),
  }
  if (follow === true) context.catchInterrupt()
  const places = new Map<string, number>()
  const show = async (): Promise<number> => {
    let found = 0
    for await (const record of readAudit(auditFile, places)) {
      if (!matchesFilter(record, filter)) continue
      found += 1
      context.terminal.print(context.asJson ? record.text : line(record))
    }
    return found
  }
  const found = await show()
  if (follow !== true) {
    if (found === 0 && !context.asJson) context.terminal.hint('nothing of that kind is in the audit log')
    return
  }
  while (!context.signal.aborted) {
    await pause(pollingInterval, undefined, { signal: context.signal }).catch(() => {})
    await show()
  }
}

/** Of what callers chose themselves: one line, whatever is in it. */
function line(record: AuditRecord & { readonly text: string }): string {
  const { at, event, caller, share } = record
  const more = JSON.parse(record.text) as Partial<
    Record<'profile' | 'secret' | 'scope' | 'resource' | 'request' | 'code' | 'count', unknown>
  >
  const what = more.secret === undefined ? (more.profile ?? '') : `secret ${textOf(more.secret)}`
  const place = share === undefined ? (caller?.container === 'none' ? '' : caller?.container) : `share ${share}`
  const who = caller === undefined ? '' : `${caller.executable ?? 'unknown'}${caller.pid === undefined ? '' : ` (${caller.pid})`}`
  const times = more.count === undefined ? undefined : `${textOf(more.count)} times`
  return [timeOf(at), textOf(event).padEnd(10), times, what, more.resource, more.code, who, place]
    .filter((part) => part !== undefined && part !== '')
    .map((part) => sanitizeForDisplay(textOf(part), 400))
    .join('  ')
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))

/** Whoever wrote the line. */
const timeOf = (at: unknown): string =>
  typeof at === 'number' && Math.abs(at) <= 8.64e15 ? new Date(at).toISOString() : 'at no time'

export async function auditVerify(context: Context, { head: expected }: { readonly head?: string }): Promise<void> {
  const { lines, head, problems } = await verifyAudit(paths(context.env).auditFile)
  const isOther = expected !== undefined && expected !== head
  if (context.asJson) context.terminal.json({ lines, head, problems, ...(expected === undefined ? {} : { expected }) })
  else {
    for (const { file, line, text } of problems) context.terminal.print(`${file}:${line}: ${text}`)
    if (isOther)
      context.terminal.print(`it ends with ${head}, not with ${expected}: lines were added since, or taken away at the end`)
    if (problems.length === 0 && !isOther)
      context.terminal.print(`${lines} ${lines === 1 ? 'line' : 'lines'}, each bound to the one before; the last is ${head}`)
  }
  context.exitCode = problems.length > 0 || isOther ? exitCodes.storage : exitCodes.ok
}
