// Changes to config.toml by the program: text in, text out, everything else kept to the byte; checked before it replaces
// the file, and written so that neither a crash nor another process at the same time loses anything.

import { mkdir, realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Failure } from '../core/failures.ts'
import { isProfileName } from '../core/profile.ts'
import { atomicWrite } from '../platform/fs/atomic-write.ts'
import { acquireFileLock } from '../platform/fs/file-lock.ts'
import { type ProfileTable, readConfig, readText } from './config.ts'
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
    if (profiles.has(name)) throw new Failure('profile_exists', `there is a profile '${name}' already`, { profile: name })
    const newline = text.includes('\r\n') ? '\r\n' : '\n'
    const gap = text === '' ? '' : text.endsWith('\n') ? newline : newline + newline
    return text + gap + profileText(name, table).join(newline) + newline
  })
}

/** Takes out the profile's tables and what belongs to them. Throws unknown_profile, config_invalid. */
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
    if (!profiles.has(name)) throw new Failure('unknown_profile', `there is no profile '${name}' in ${path}`, { profile: name })
    const kept = cut(text, ranges)
    if ((await readConfig(kept, path)).profiles.has(name)) {
      throw new Failure('config_invalid', `'${name}' is written in a way that cannot be removed safely`, {
        hint: `take it out of ${path} by hand`,
      })
    }
    return kept
  })
}

export const keyName = (key: { type: string; name?: string; value?: string } | undefined): string | undefined =>
  key?.type === 'TOMLBare' ? key.name : key?.value

/** A table up to the comments that stand before the next one and belong to it. */
export function wholeTable(text: string, start: number, end: number): readonly [number, number] {
  const lines = text.slice(start, end).split('\n')
  let last = lines.length - 1
  while (last > 0 && /^\s*(#.*)?\r?$/.test(lines[last] ?? '')) last--
  const length = lines.slice(0, last + 1).join('\n').length
  const after = text.slice(start + length, end)
  // One blank line goes with the table; comments stay.
  const blank = /^\r?\n(\s*?\r?\n)?/.exec(after)?.[0].length ?? 0
  return [start, start + length + blank]
}

function wholeLines(text: string, [start, end]: readonly [number, number]): readonly [number, number] {
  const from = text.lastIndexOf('\n', start - 1) + 1
  const to = text.indexOf('\n', end)
  return [from, to < 0 ? text.length : to + 1]
}

export function cut(text: string, ranges: readonly (readonly [number, number])[]): string {
  const kept = ranges.toSorted(([a], [b]) => b - a).reduce((rest, [start, end]) => rest.slice(0, start) + rest.slice(end), text)
  // The blank line that stood before what was last.
  return ranges.some(([, end]) => end === text.length) ? kept.replace(/\n\r?\n$/, '\n') : kept
}

// ---- writing TOML

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

export const pairs = (table: object): readonly string[] =>
  Object.entries(table).flatMap(([key, value]: [string, unknown]) =>
    value === undefined ? [] : [`${bare(key)} = ${literal(value)}`],
  )

const bare = (key: string): string => (/^[A-Za-z0-9_-]+$/.test(key) ? key : quote(key))

const literal = (value: unknown): string =>
  Array.isArray(value)
    ? `[${value.map(literal).join(', ')}]`
    : typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : quote(String(value))

/** A basic string: JSON's escapes are TOML's, but for DEL. What cannot be seen is escaped too: people read this. */
const quote = (text: string): string =>
  JSON.stringify(text).replaceAll(/[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu, (found) => {
    const code = (found.codePointAt(0) ?? 0).toString(16)
    return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`
  })

// ---- the file

/** An edit takes milliseconds; many may wait for each other on a busy machine. */
const lockTimeoutMs = 60_000

export async function edit(path: string, change: (text: string) => Promise<string>): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  // Dotfiles are often links into a repository: the file there is the one to change.
  const file = await realpath(path).catch(() => path)
  const lock = await acquireFileLock({ path: `${file}.edit`, timeoutMs: lockTimeoutMs })
  try {
    const before = await stat(file).catch(() => undefined)
    // A rename would replace it, but whoever took the right to write away meant that.
    if (before !== undefined && (before.mode & 0o222) === 0) throw new Failure('storage_failed', `${path} is read-only`)
    const changed = await change(before === undefined ? '' : await readText(file))
    await readConfig(changed, path)
    await atomicWrite(file, changed, { mode: before === undefined ? 0o600 : before.mode & 0o777 })
  } catch (error) {
    if (error instanceof Failure) throw error
    throw new Failure('storage_failed', `${path} cannot be written: ${(error as NodeJS.ErrnoException).code}`, { cause: error })
  } finally {
    await lock.release()
  }
}
