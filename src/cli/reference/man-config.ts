// authsock-config(5), from the schema of config.toml.

import { configSchema as schema } from '../../config/config-schema.ts'
import { bold, quoted, roff } from './roff.ts'

interface Key {
  readonly type?: string
  readonly enum?: readonly string[]
  readonly default?: string | number | boolean
  readonly description?: string
  readonly items?: Key
  readonly properties?: Readonly<Record<string, Key>>
  readonly required?: readonly string[]
}

const example = `default_profile = "work"

[profile.work]
issuer = "https://login.example.com"
client_id = "my\\-cli"
scopes = ["openid", "offline_access", "read"]

[[route]]
url = "https://git.example.com"
profile = "work"

[[rule]]
decision = "ask"
profile = "work"
scopes = ["write"]`

/** What the page holds behind its name. */
export function configPage(): { readonly about: string; readonly parts: readonly string[] } {
  const top = schema.properties as Readonly<Record<string, Key>>
  const profile = (schema.$defs as Readonly<Record<string, Key>>)['profile']
  const isTable = ({ items }: Key): boolean => items?.properties !== undefined
  const settings = Object.entries(top).filter(([name, key]) => name !== 'profile' && !isTable(key))
  const tables = Object.entries(top).filter(([, key]) => isTable(key))
  return {
    about: 'the configuration of authsock',
    parts: [
      '.SH SYNOPSIS',
      '.I \\(ti/.config/authsock/config.toml',
      '.SH DESCRIPTION',
      roff(schema.description),
      roff('It is a TOML file. `authsock profile`, `authsock route` and `authsock rule` edit it and keep its comments.'),
      '.SH SETTINGS',
      ...settings.map(entry),
      `.SH ${quoted('PROFILES: [profile.NAME]')}`,
      roff(top['profile']?.description ?? ''),
      ...keysOf(profile),
      ...tables.flatMap(([name, { description = '', items }]) => [
        `.SH ${quoted(`${name.toUpperCase()}S: [[${name}]]`)}`,
        roff(description),
        ...keysOf(items),
      ]),
      '.SH EXAMPLE',
      '.nf',
      example,
      '.fi',
    ],
  }
}

/** The keys of a table, those of a table inside as `outer.inner`. */
function keysOf(table: Key | undefined, prefix = ''): readonly string[] {
  return Object.entries(table?.properties ?? {}).flatMap(([name, key]) => {
    const inner = key.properties === undefined ? [] : keysOf(key, `${prefix}${name}.`)
    return [entry([`${prefix}${name}`, key], table?.required?.includes(name) === true), ...inner]
  })
}

function entry([name, key]: readonly [string, Key], isRequired: boolean | number = false): string {
  const { description = '', default: fallback } = key
  const facts = [kindOf(key), ...(isRequired === true ? ['required'] : [])]
  const by = fallback === undefined ? '' : ` Default: ${String(fallback)}.`
  return `.TP\n${bold(name)} (${roff(facts.join(', '))})\n${roff(`${description}${by}`)}`
}

function kindOf({ type, enum: values, items }: Key): string {
  if (values !== undefined) return values.join(', ')
  if (type === 'array') return items?.properties === undefined ? 'list' : 'tables'
  return { object: 'table', integer: 'whole number' }[type ?? ''] ?? type ?? 'any'
}
