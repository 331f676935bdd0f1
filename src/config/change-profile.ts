// Changes single fields of a profile, and the default profile, in config.toml. Comments and all other text stay as they are.

import type { AST } from 'toml-eslint-parser'
import { Failure } from '../core/failures.ts'
import { readConfig } from './config.ts'
import { edit } from './edit-file.ts'
import type { ProfileTable } from './profile-table.ts'
import { keyName, pairs, wholeLines } from './toml-text.ts'
import { parseToml } from './toml.ts'

/** Fields that are no tables of their own. */
type Field = Exclude<keyof ProfileTable, 'endpoints' | 'authorization_parameters'>

/** What is to be changed; null removes a field, so that its default counts. */
export type ProfileChanges = { readonly [F in Field]?: ProfileTable[F] | null }

/** Throws unknown_profile, config_invalid, bad_request, storage_failed. Nothing is written if the result is invalid. */
export async function changeProfile(path: string, name: string, changes: ProfileChanges): Promise<void> {
  await edit(path, async (text) => {
    if (!(await readConfig(text, path)).profiles.has(name)) {
      throw new Failure('unknown_profile', `no profile '${name}' in ${path}`, { profile: name })
    }
    let changed = text
    for (const [key, value] of Object.entries(changes)) changed = await withField(changed, path, name, key, value)
    return checked(changed, path)
  })
}

/** Throws unknown_profile, config_invalid, storage_failed. */
export async function setDefaultProfile(path: string, name: string): Promise<void> {
  await edit(path, async (text) => {
    if (!(await readConfig(text, path)).profiles.has(name)) {
      throw new Failure('unknown_profile', `no profile '${name}' in ${path}`, { profile: name })
    }
    const { ast } = await parseToml(text, path)
    const line = pairs({ default_profile: name }).join('')
    const found = ast.body[0].body.find(
      (node): node is AST.TOMLKeyValue => node.type === 'TOMLKeyValue' && keyName(node.key.keys[0]) === 'default_profile',
    )
    if (found !== undefined) return replaced(text, found.range, line)
    // Before the first table, which every later key would belong to; after `#:schema`, which is the first line.
    const head = /^(#:[^\n]*\n)?/.exec(text)?.[0].length ?? 0
    const newline = newlineOf(text)
    return `${text.slice(0, head)}${line}${newline}${text.length > head ? newline : ''}${text.slice(head)}`
  })
}

async function withField(text: string, path: string, profile: string, key: string, value: unknown): Promise<string> {
  const { ast } = await parseToml(text, path)
  const table = ast.body[0].body.find(
    (node): node is AST.TOMLTable =>
      node.type === 'TOMLTable' &&
      node.resolvedKey.length === 2 &&
      node.resolvedKey[0] === 'profile' &&
      node.resolvedKey[1] === profile,
  )
  if (table === undefined) throw unusual(path, profile)
  const existing = table.body.find((pair) => pair.key.keys.length === 1 && keyName(pair.key.keys[0]) === key)
  if (value === null || value === undefined) {
    if (existing === undefined) return text
    const [start, end] = wholeLines(text, existing.range)
    return text.slice(0, start) + text.slice(end)
  }
  const line = pairs({ [key]: value }).join('')
  if (existing !== undefined) return replaced(text, existing.range, line)
  // After the last field of the table, or its header.
  const after = wholeLines(text, table.body.at(-1)?.range ?? headerRange(text, table))[1]
  const newline = newlineOf(text)
  const gap = text.slice(0, after).endsWith('\n') ? '' : newline
  return `${text.slice(0, after)}${gap}${line}${newline}${text.slice(after)}`
}

function headerRange(text: string, { range: [start] }: AST.TOMLTable): readonly [number, number] {
  const end = text.indexOf(']', start)
  return [start, end < 0 ? text.length : end]
}

const replaced = (text: string, [start, end]: readonly [number, number], line: string): string =>
  text.slice(0, start) + line + text.slice(end)

const newlineOf = (text: string): string => (text.includes('\r\n') ? '\r\n' : '\n')

/** What an option has made invalid is the option's mistake, not the file's. */
async function checked(text: string, path: string): Promise<string> {
  try {
    await readConfig(text, path)
    return text
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'config_invalid') throw error
    throw new Failure('bad_request', error.message.replaceAll(/^.*?:\d+:\d+: /gm, ''), { cause: error })
  }
}

const unusual = (path: string, name: string): Failure =>
  new Failure('config_invalid', `cannot change '${name}' safely: the file has an unusual form`, {
    hint: `change it in ${path} by hand`,
  })
