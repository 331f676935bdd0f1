// Adds profiles to config.toml and removes them.

import { Failure } from '../core/failures.ts'
import { isProfileName } from '../core/profile.ts'
import { readConfig } from './config.ts'
import { edit } from './edit-file.ts'
import type { ProfileTable } from './profile-table.ts'
import { cut, keyName, pairs, quote, wholeLines, wholeTable } from './toml-text.ts'
import { parseToml } from './toml.ts'

/** Appends `[profile.NAME]`. Throws profile_exists, config_invalid, bad_request. */
export async function addProfile(path: string, name: string, table: ProfileTable): Promise<void> {
  if (!isProfileName(name)) {
    throw new Failure('bad_request', `'${name}' is not a profile name`, {
      hint: "use lower-case letters, digits, '.', '_' and '-'",
    })
  }
  await edit(path, async (text) => {
    const { profiles } = await readConfig(text, path)
    if (profiles.has(name)) throw new Failure('profile_exists', `profile '${name}' already exists`, { profile: name })
    const newline = text.includes('\r\n') ? '\r\n' : '\n'
    const gap = text === '' ? '' : text.endsWith('\n') ? newline : newline + newline
    return text + gap + profileText(name, table).join(newline) + newline
  })
}

/** Removes the tables of a profile, and `default_profile` if it names this one. Throws unknown_profile, config_invalid. */
export async function removeProfile(path: string, name: string): Promise<void> {
  await edit(path, async (text) => {
    const { ast } = await parseToml(text, path)
    const tables = ast.body[0].body
    const ranges: (readonly [number, number])[] = []
    for (const [index, node] of tables.entries()) {
      if (node.type !== 'TOMLTable') continue
      const [first, second] = node.resolvedKey
      if (first === 'profile' && second === name) {
        ranges.push(wholeTable(text, node.range[0], tables[index + 1]?.range[0] ?? text.length))
      } else if (first === 'profile' && node.resolvedKey.length === 1) {
        for (const pair of node.body) if (keyName(pair.key.keys[0]) === name) ranges.push(wholeLines(text, pair.range))
      }
    }
    for (const node of tables) {
      if (node.type !== 'TOMLKeyValue') continue
      const [first, second] = node.key.keys.map(keyName)
      if (first === 'profile' && second === name) ranges.push(wholeLines(text, node.range))
      const isDefault = first === 'default_profile' && node.value.type === 'TOMLValue' && node.value.value === name
      if (isDefault) ranges.push(wholeLines(text, node.range))
    }
    const { profiles } = await readConfig(text, path)
    if (!profiles.has(name)) throw new Failure('unknown_profile', `no profile '${name}' in ${path}`, { profile: name })
    const kept = cut(text, ranges)
    if ((await readConfig(kept, path)).profiles.has(name)) {
      throw new Failure('config_invalid', `cannot remove '${name}' safely: the file has an unusual form`, {
        hint: `remove it from ${path} by hand`,
      })
    }
    return kept
  })
}

function profileText(
  name: string,
  { endpoints, authorization_parameters: parameters, ...table }: ProfileTable,
): readonly string[] {
  const section = `profile.${name.includes('.') ? quote(name) : name}`
  return [
    `[${section}]`,
    ...pairs(table),
    ...(parameters === undefined ? [] : ['', `[${section}.authorization_parameters]`, ...pairs(parameters)]),
    ...(endpoints === undefined ? [] : ['', `[${section}.endpoints]`, ...pairs(endpoints)]),
  ]
}
