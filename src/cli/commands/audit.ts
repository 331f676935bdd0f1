// `authsock audit`: the audit log, and whether it is complete.

import { setTimeout as pause } from 'node:timers/promises'
import type { Command } from 'commander'
import { type AuditFilter, matchesFilter } from '../../audit/filter.ts'
import { type AuditPositions, readAudit } from '../../audit/reader.ts'
import type { AuditRecord } from '../../audit/record.ts'
import { verifyAudit } from '../../audit/verify.ts'
import { exitCodes } from '../../core/failures.ts'
import { defined } from '../../core/util/defined.ts'
import { parsePastTime } from '../arguments.ts'
import { auditRow, auditTable, inSeconds } from '../audit-rows.ts'
import { type Context, nowInSeconds } from '../context.ts'
import type { MakeLeaf } from '../leaf.ts'
import { columnWidths, tableLines } from '../table.ts'

interface AuditOptions {
  readonly profile?: string
  readonly caller?: string
  readonly container?: string
  readonly share?: string
  readonly event?: string
  readonly since?: string
  readonly until?: string
  readonly follow?: boolean
}

const pollingIntervalMs = 500

export function register(root: Command, leaf: MakeLeaf): void {
  const group = leaf(root, 'audit', 'show the audit log', audit)
    .option('--profile <name>', 'only for this profile')
    .option('--caller <text>', 'only for programs whose path contains this')
    .option('--container <id>', 'only from this container; none: from outside of containers')
    .option('--share <name>', 'only by this share')
    .option('--event <event>', 'issued, refused, shared, unshared, logged_in, logged_out, locked, unlocked or rotated')
    .option('--since <time>', 'from this time on: a date, a time, or a span before now (8h, 3d)')
    .option('--until <time>', 'up to this time')
    .option('--follow', 'print new records until Ctrl-C')
    .addHelpText(
      'after',
      `
Examples:
  authsock audit --since 8h
  authsock audit --event refused --follow

Times are local; with --json they are seconds since the epoch.`,
    )
  leaf(group, 'verify', 'check that no record was changed or removed', verify).option(
    '--head <hash>',
    'hash of the last record when you checked before',
  )
}

async function audit(context: Context, options: AuditOptions): Promise<void> {
  const { terminal } = context
  const { auditFile } = context.paths
  const { since, until, follow, ...rest } = options
  const now = nowInSeconds()
  const toMs = (option: string, text: string | undefined): number | undefined =>
    text === undefined ? undefined : parsePastTime(option, text, now) * 1000
  const filter: AuditFilter = { ...rest, ...defined({ since: toMs('--since', since), until: toMs('--until', until) }) }
  if (follow === true) context.catchInterrupt()
  const positions: AuditPositions = new Map()
  const print = context.asJson ? printJson(context) : printTable(context)
  const printNew = async (): Promise<number> => {
    const records: Found[] = []
    for await (const record of readAudit(auditFile, positions)) if (matchesFilter(record, filter)) records.push(record)
    if (records.length > 0) print(records)
    return records.length
  }
  const count = await printNew()
  if (follow !== true) {
    if (count === 0 && !context.asJson) terminal.hint('no matching record in the audit log')
    return
  }
  while (!context.signal.aborted) {
    await pause(pollingIntervalMs, undefined, { signal: context.signal }).catch(() => {})
    await printNew()
  }
}

type Found = AuditRecord & { readonly text: string }
type Print = (records: readonly Found[]) => void

const printJson =
  ({ terminal }: Context): Print =>
  (records) => {
    for (const { text } of records) terminal.jsonLine(inSeconds(JSON.parse(text) as object))
  }

/** The heading comes once, and later records keep the widths of the columns. */
function printTable({ terminal }: Context): Print {
  let widths: readonly number[] | undefined
  return (records) => {
    const table = auditTable(
      records.map((record) => auditRow(record, terminal.style)),
      widths,
    )
    const lines = tableLines(table, terminal.width, terminal.style)
    for (const line of widths === undefined ? lines : lines.slice(1)) terminal.print(line)
    widths = columnWidths(table)
  }
}

async function verify(context: Context, { head: expected }: { readonly head?: string }): Promise<void> {
  const { terminal } = context
  const { lines, head, problems } = await verifyAudit(context.paths.auditFile)
  const isOther = expected !== undefined && expected !== head
  if (context.asJson) terminal.json({ lines, head, problems, ...defined({ expected }) })
  else {
    for (const { file, line, text } of problems) terminal.print(`${file}:${line}: ${text}`)
    if (isOther) terminal.print(`the last hash is ${head}, not ${expected}: records were added since, or removed at the end`)
    if (problems.length === 0 && !isOther)
      terminal.print(`${lines} ${lines === 1 ? 'record' : 'records'}, none changed or removed; last hash: ${head}`)
  }
  context.exitCode = problems.length > 0 || isOther ? exitCodes.storage : exitCodes.ok
}
