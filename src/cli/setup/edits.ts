// Edits of configuration files, text in and text out: everything else stays as it is to the byte, except in JSON, which has no
// comments to lose.

import { Failure } from '../../core/failures.ts'

/** Sets the value at a path of keys. Throws bad_request if the text is not a JSON object. */
export function setJson(text: string, path: readonly string[], value: unknown, file: string): string {
  const root = text.trim() === '' ? {} : parseObject(text, file)
  let at = root
  for (const key of path.slice(0, -1)) {
    const inner = at[key]
    at[key] = typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? inner : {}
    at = at[key] as Record<string, unknown>
  }
  at[path.at(-1) ?? ''] = value
  const indent = /\n([\t ]+)"/.exec(text)?.[1] ?? '\t'
  return `${JSON.stringify(root, undefined, indent)}${text === '' || text.endsWith('\n') ? '\n' : ''}`
}

function parseObject(text: string, file: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(text)
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Record<string, unknown>
  } catch {
    // Reported below.
  }
  throw new Failure('bad_request', `${file} is not a JSON object`, { hint: 'fix the file; nothing was changed' })
}

/** `key = value` in `[section]`; without a section, before the first one. */
export function setIni(text: string, section: string | undefined, key: string, value: string, equals = ' = '): string {
  if (text.includes('\r\n')) {
    return setIni(text.replaceAll('\r\n', '\n'), section, key, value, equals).replaceAll('\n', '\r\n')
  }
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n')
  // If a section occurs twice, the last one counts.
  const start = section === undefined ? -1 : lines.findLastIndex((line) => headerOf(line) === section)
  const line = `${key}${equals}${value}`
  if (section !== undefined && start < 0) {
    const gap = lines.length === 0 ? [] : ['']
    return [...lines, ...gap, `[${section}]`, line, ''].join('\n')
  }
  const next = lines.findIndex((each, index) => index > start && headerOf(each) !== undefined)
  const end = next < 0 ? lines.length : next
  const known = lines.findIndex((each, index) => index > start && index < end && keyOf(each) === key)
  if (known >= 0) return [...lines.with(known, line), ''].join('\n')
  let at = end
  while (at > start + 1 && lines[at - 1]?.trim() === '') at--
  return [...lines.toSpliced(at, 0, line), ''].join('\n')
}

/** The name in a section header, without a comment, and without the quotes and spaces that AWS allows. */
const headerOf = (line: string): string | undefined =>
  /^\s*\[([^\]]*)\]\s*([#;].*)?$/.exec(line)?.[1]?.replaceAll('"', '').trim().replaceAll(/\s+/g, ' ')

const keyOf = (line: string): string | undefined => (/^\s*[#;]/.test(line) ? undefined : /^\s*(.*?)\s*=/.exec(line)?.[1])

/** Adds a line unless the text has it. */
export function addLine(text: string, line: string): string {
  if (text.split('\n').includes(line)) return text
  return `${text === '' || text.endsWith('\n') ? text : `${text}\n`}${line}\n`
}

/** `key = value` in `[table]`; `value` is TOML. Throws config_invalid if the file is not TOML. */
export async function setToml(text: string, table: readonly string[], key: string, value: string, file: string): Promise<string> {
  const { parseToml } = await import('../../config/toml.ts')
  const { ast } = await parseToml(text, file)
  const top = ast.body[0].body
  const header = top.find((node) => node.type === 'TOMLTable' && node.resolvedKey.join('\u0000') === table.join('\u0000'))
  if (header?.type !== 'TOMLTable') {
    const gap = text === '' ? '' : text.endsWith('\n') ? '\n' : '\n\n'
    const after = `${text}${gap}[${table.map(bareOrQuoted).join('.')}]\n${key} = ${value}\n`
    // Throws if the table exists in another notation.
    await parseToml(after, file)
    return after
  }
  const pair = header.body.find(
    (each) => each.key.keys.map((part) => (part.type === 'TOMLBare' ? part.name : part.value)).join('.') === key,
  )
  if (pair !== undefined) return text.slice(0, pair.value.range[0]) + value + text.slice(pair.value.range[1])
  const end = (header.body.at(-1) ?? header.key).range[1]
  const line = text.indexOf('\n', end)
  const at = line < 0 ? text.length : line + 1
  return `${text.slice(0, at)}${line < 0 ? '\n' : ''}${key} = ${value}\n${text.slice(at)}`
}

const bareOrQuoted = (key: string): string => (/^[A-Za-z0-9_-]+$/.test(key) ? key : JSON.stringify(key))
