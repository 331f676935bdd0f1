// Adds rules to config.toml and removes them.

import { Failure } from '../core/failures.ts'
import type { Rule } from '../core/access/rules.ts'
import { readConfig } from './config.ts'
import { edit } from './edit-file.ts'
import { cut, pairs, wholeTable } from './toml-text.ts'
import type { RuleTable } from './rules.ts'
import { parseToml } from './toml.ts'

/** Where to add a rule: before the rule with this index, after the last, or before a rule that is equal to this one. */
export type RulePosition = number | 'last' | { readonly before: Rule }

export interface WrittenRule {
  /** From 0. */
  readonly index: number
  /** The line of `[[rule]]`, from 1. */
  readonly line: number
  /** The text that was added. */
  readonly text: string
}

/** Adds `[[rule]]`, with the comment above it. Throws bad_request, not_found, config_invalid, storage_failed. */
export async function addRule(path: string, table: RuleTable, position: RulePosition, comment?: string): Promise<WrittenRule> {
  const lines = ['[[rule]]', ...pairs(table)]
  await checkAlone(lines.join('\n'))
  let written: WrittenRule | undefined
  await edit(path, async (text) => {
    const { rules } = await readConfig(text, path)
    const index = indexOf(rules, position)
    const newline = text.includes('\r\n') ? '\r\n' : '\n'
    const tables = await ruleTables(text, path, rules.length)
    const at = index === rules.length ? text.length : startWithComments(text, tables[index]?.[0] ?? 0)
    const before = text.slice(0, at)
    const gap = before === '' || /(\r?\n|^)\r?\n$/.test(before) ? '' : before.endsWith('\n') ? newline : newline + newline
    const above = comment === undefined ? '' : `# ${comment}${newline}`
    const head = before + gap + above
    const changed = `${head}${lines.join(newline)}${newline}${at === text.length ? '' : newline}${text.slice(at)}`
    const { rules: now } = await readConfig(changed, path)
    const expected = rules.toSpliced(index, 0, now[index] ?? { decision: 'deny' })
    if (now.length !== rules.length + 1 || JSON.stringify(now) !== JSON.stringify(expected)) throw unsafe(path)
    written = { index, line: head.split('\n').length, text: lines.join('\n') }
    return changed
  })
  if (written === undefined) throw unsafe(path)
  return written
}

/** Removes the rule with this index (from 0) and returns it. Throws not_found, config_invalid, storage_failed. */
export async function removeRule(path: string, index: number): Promise<Rule> {
  let removed: Rule | undefined
  await edit(path, async (text) => {
    const { rules } = await readConfig(text, path)
    removed = rules[index]
    if (removed === undefined) throw noSuchRule(index)
    const range = (await ruleTables(text, path, rules.length))[index]
    if (range === undefined) throw unsafe(path)
    const kept = cut(text, [wholeTable(text, ...range)])
    if (JSON.stringify((await readConfig(kept, path)).rules) !== JSON.stringify(rules.toSpliced(index, 1))) throw unsafe(path)
    return kept
  })
  if (removed === undefined) throw noSuchRule(index)
  return removed
}

/** The range of each table, up to the start of the next. Rules written as one inline array have no tables: throws config_invalid. */
async function ruleTables(text: string, path: string, count: number): Promise<readonly (readonly [number, number])[]> {
  const nodes = (await parseToml(text, path)).ast.body[0].body
  const ranges = nodes.flatMap((node, at) =>
    node.type === 'TOMLTable' && node.resolvedKey[0] === 'rule'
      ? [[node.range[0], nodes[at + 1]?.range[0] ?? text.length] as const]
      : [],
  )
  if (ranges.length !== count) throw unsafe(path)
  return ranges
}

/** A comment directly above a table belongs to it. */
function startWithComments(text: string, tableStart: number): number {
  let start = text.lastIndexOf('\n', tableStart - 1) + 1
  while (start > 0) {
    const above = text.lastIndexOf('\n', start - 2) + 1
    // `#:schema` belongs to the file.
    if (!/^[ \t]*#(?!:)/.test(text.slice(above, start))) break
    start = above
  }
  return start
}

function indexOf(rules: readonly Rule[], position: RulePosition): number {
  if (position === 'last') return rules.length
  if (typeof position === 'number') {
    if (position > 0 && position >= rules.length) throw noSuchRule(position)
    return position
  }
  const wanted = JSON.stringify(position.before)
  const index = rules.findIndex((each) => JSON.stringify(each) === wanted)
  if (index < 0) throw new Failure('not_found', 'the rule that asked is no longer in config.toml')
  return index
}

/** Checks the table alone: its messages must not name a line of the file, which does not contain it yet. */
async function checkAlone(text: string): Promise<void> {
  try {
    await readConfig(text, 'rule')
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'config_invalid') throw error
    throw new Failure('bad_request', error.message.replaceAll(/^rule:\d+:\d+: /gm, ''), { cause: error })
  }
}

const noSuchRule = (index: number): Failure =>
  new Failure('not_found', `no rule ${index + 1}`, { hint: '`authsock rule list` numbers the rules' })

const unsafe = (path: string): Failure =>
  new Failure('config_invalid', 'cannot change the rules safely: the file has an unusual form', {
    hint: `edit ${path} by hand`,
  })
