// Rules added and removed by the program; everything else in config.toml is kept to the byte.

import { Failure } from '../core/failures.ts'
import type { Rule } from '../core/access/rules.ts'
import { readConfig } from './config.ts'
import { cut, edit, pairs, wholeTable } from './edit.ts'
import type { RuleTable } from './rules.ts'
import { parseToml } from './toml.ts'

/** Where a new rule goes: before the rule of this index, after the last, or before a rule that says just this. */
export type RulePlace = number | 'last' | { readonly before: Rule }

export interface WrittenRule {
  /** From 0. */
  readonly index: number
  /** Of `[[rule]]`, from 1. */
  readonly line: number
  /** The table. */
  readonly text: string
}

/** Adds `[[rule]]`, under a comment if there is one. Throws bad_request, not_found, config_invalid, storage_failed. */
export async function addRule(path: string, table: RuleTable, place: RulePlace, comment?: string): Promise<WrittenRule> {
  const lines = ['[[rule]]', ...pairs(table)]
  await checkAlone(lines.join('\n'))
  let written: WrittenRule | undefined
  await edit(path, async (text) => {
    const { rules } = await readConfig(text, path)
    const index = indexOf(rules, place)
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

/** Takes out the rule of this index (from 0), and what it said. Throws not_found, config_invalid, storage_failed. */
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

/** From the table's beginning to that of the next one. Rules that are written as one list have no tables. */
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

/** A comment right above a table belongs to it. */
function startWithComments(text: string, tableStart: number): number {
  let start = text.lastIndexOf('\n', tableStart - 1) + 1
  while (start > 0) {
    const above = text.lastIndexOf('\n', start - 2) + 1
    // `#:schema` is of the file.
    if (!/^[ \t]*#(?!:)/.test(text.slice(above, start))) break
    start = above
  }
  return start
}

function indexOf(rules: readonly Rule[], place: RulePlace): number {
  if (place === 'last') return rules.length
  if (typeof place === 'number') {
    if (place > 0 && place >= rules.length) throw noSuchRule(place)
    return place
  }
  const wanted = JSON.stringify(place.before)
  const index = rules.findIndex((each) => JSON.stringify(each) === wanted)
  if (index < 0) throw new Failure('not_found', 'the rule that asked is no longer in config.toml')
  return index
}

/** What is wrong with it, without a place in a file that it is not in yet. */
async function checkAlone(text: string): Promise<void> {
  try {
    await readConfig(text, 'rule')
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'config_invalid') throw error
    throw new Failure('bad_request', error.message.replaceAll(/^rule:\d+:\d+: /gm, ''), { cause: error })
  }
}

const noSuchRule = (index: number): Failure =>
  new Failure('not_found', `there is no rule ${index + 1}`, { hint: '`authsock rule list` shows those there are' })

const unsafe = (path: string): Failure =>
  new Failure('config_invalid', 'the rules are written in a way that cannot be changed safely', {
    hint: `change ${path} by hand`,
  })
