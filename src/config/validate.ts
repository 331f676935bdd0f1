// Checks a parsed document against protocol/config.schema.json. Messages name line, column and the correct form.

import type { OutputUnit, Schema } from '@cfworker/json-schema'
import { closest } from '../core/util/closest.ts'
import type { TomlDocument } from './toml.ts'

type Path = readonly (string | number)[]

export interface Complaint {
  readonly path: Path
  readonly text: string
}

/** All mistakes that the schema finds in a document. */
export async function validate(value: unknown): Promise<readonly Complaint[]> {
  const secrets = secretKeys(value, [])
  if (secrets.length > 0) return secrets
  const { Validator } = await import('@cfworker/json-schema')
  const schema = (await import('./config-schema.ts')).configSchema as Schema
  // This stops at the first error. Most files have none.
  if (new Validator(schema, '2020-12').validate(value).valid) return []
  const { errors } = new Validator(schema, '2020-12', false).validate(value)
  return explain(errors, schema, value)
}

/** One line of text for each complaint. */
export function complaintLines(document: TomlDocument, file: string, complaints: readonly Complaint[]): string {
  const lines = complaints.map(({ path, text }) => {
    const { line, column } = document.positionOf(path)
    return `${file}:${line}:${column}: ${text}`
  })
  return [...new Set(lines)].join('\n')
}

/** Secrets do not belong in a plain file. */
function secretKeys(value: unknown, path: Path): readonly Complaint[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    const at = [...path, key]
    // The `secret` of a route or rule is the name of one.
    if (path.length === 2 && (path[0] === 'route' || path[0] === 'rule') && key === 'secret') return []
    if (!/^(client_secret|secret|password|passphrase|refresh_token|access_token|token_secret)$/.test(key))
      return secretKeys(inner, at)
    return [
      {
        path: at,
        text: `'${key}' does not belong here: secrets are kept in the vault; 'authsock login' asks for a client secret`,
      },
    ]
  })
}

/** The validator reports an error at each level: only the deepest ones are useful. */
function explain(errors: readonly OutputUnit[], schema: Schema, value: unknown): readonly Complaint[] {
  const leaves = errors.filter(
    ({ keyword }) => !['properties', 'additionalProperties', '$ref', 'items', 'propertyNames'].includes(keyword),
  )
  const own = errors.filter(({ keyword }) => keyword === 'additionalProperties' || keyword === 'propertyNames')
  const complaints = [...own, ...leaves].flatMap((error) => describe(error, schema, value))
  return complaints.length > 0 ? complaints : [{ path: [], text: errors[0]?.error ?? 'not valid' }]
}

function describe(error: OutputUnit, schema: Schema, root: unknown): readonly Complaint[] {
  const path = pathOf(error.instanceLocation)
  const key = String(path.at(-1) ?? 'the file')
  const at = schemaAt(schema, error.keywordLocation)
  switch (error.keyword) {
    case 'additionalProperties':
      return unknownKeys(valueAt(root, path), path, at)
    case 'propertyNames':
      return Object.keys(valueAt(root, path) ?? {})
        .filter((name) => !/^[a-z0-9][a-z0-9._-]{0,63}$/.test(name))
        .map((name) => ({
          path: [...path, name],
          text: `'${name}' is not a profile name: use lower-case letters, digits, '.', '_' and '-'`,
        }))
    case 'required':
      return (at['required'] as readonly string[])
        .filter((name) => !Object.hasOwn(valueAt(root, path) ?? {}, name))
        .map((name) => ({ path, text: `'${name}' is missing in '${path.join('.')}'` }))
    case 'enum':
      return [
        {
          path,
          text: `'${key}' is ${JSON.stringify(valueAt(root, path))}, not one of ${(at['enum'] as readonly string[]).join(', ')}`,
        },
      ]
    case 'type':
      return [{ path, text: `'${key}' is not ${article(String(at['type']))}` }]
    case 'pattern':
      return path.at(-1) === 'redirect'
        ? [{ path, text: `'redirect' must have the form http://127.0.0.1:PORT/PATH (or [::1], localhost, https)` }]
        : typeof path.at(-1) === 'number'
          ? [{ path, text: `${JSON.stringify(valueAt(root, path))} is not a scope: write one scope per element, without spaces` }]
          : []
    case 'uniqueItems':
      return [{ path, text: `'${key}' has a duplicate element` }]
    case 'minimum':
      return [{ path, text: `'${key}' is ${String(valueAt(root, path))}: the minimum is ${String(at['minimum'])}` }]
    case 'minLength':
      return [{ path, text: `'${key}' is empty` }]
    default:
      return []
  }
}

function unknownKeys(value: unknown, path: Path, at: Readonly<Record<string, unknown>>): readonly Complaint[] {
  if (at['additionalProperties'] !== false) return []
  const known = Object.keys(at['properties'] as object)
  return Object.keys(value ?? {})
    .filter((key) => !known.includes(key))
    .map((key) => {
      const close = closest(key, known)
      const advice = close === undefined ? `the keys are ${known.join(', ')}` : `did you mean '${close}'?`
      return { path: [...path, key], text: `unknown key '${key}': ${advice}` }
    })
}

const article = (type: string): string =>
  ({ object: 'a table', array: 'a list', string: 'a string in quotes', boolean: 'true or false', integer: 'a whole number' })[
    type
  ] ?? `of type ${type}`

const pathOf = (pointer: string): Path =>
  pointer
    .replace(/^#\/?/, '')
    .split('/')
    .filter((part) => part !== '')
    .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part))

const valueAt = (root: unknown, path: Path): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<string | number, unknown> | undefined)?.[key], root)

/** The schema that contains the keyword. A `$ref` in the location leads to the definition of a profile. */
function schemaAt(schema: Schema, location: string): Readonly<Record<string, unknown>> {
  const steps = location.replace(/^#\/?/, '').split('/').slice(0, -1)
  let at = schema as Record<string, unknown>
  for (const step of steps) {
    if (step === '$ref') at = schema['$defs']?.['profile'] as Record<string, unknown>
    else at = (at[decodeURIComponent(step)] ?? at) as Record<string, unknown>
  }
  return at
}
