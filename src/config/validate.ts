// A parsed document against protocol/config.schema.json, with errors that name line, column and what to write instead.

import type { OutputUnit, Schema } from '@cfworker/json-schema'
import { Failure } from '../core/failures.ts'
import { closest } from '../core/util/closest.ts'
import type { TomlDocument } from './toml.ts'

type Path = readonly (string | number)[]

export interface Complaint {
  readonly path: Path
  readonly text: string
}

/** What is wrong with the value of a document. */
export async function validate(value: unknown): Promise<readonly Complaint[]> {
  const secrets = secretKeys(value, [])
  if (secrets.length > 0) return secrets
  const { Validator } = await import('@cfworker/json-schema')
  const schema = (await import('../../protocol/config.schema.json', { with: { type: 'json' } })).default as Schema
  // The first error ends it, and most files have none.
  if (new Validator(schema, '2020-12').validate(value).valid) return []
  const { errors } = new Validator(schema, '2020-12', false).validate(value)
  return explain(errors, schema, value)
}

/** config_invalid, with a line for each complaint. */
export function complain(document: TomlDocument, file: string, complaints: readonly Complaint[]): Failure {
  const lines = complaints.map(({ path, text }) => {
    const { line, column } = document.positionOf(path)
    return `${file}:${line}:${column}: ${text}`
  })
  return new Failure('config_invalid', [...new Set(lines)].join('\n'))
}

/** A secret in a plain file is what authsock is there to end. */
function secretKeys(value: unknown, path: Path): readonly Complaint[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    const at = [...path, key]
    // A route names a secret, and does not hold one.
    if (path.length === 2 && path[0] === 'route' && key === 'secret') return []
    if (!/^(client_secret|secret|password|passphrase|refresh_token|access_token|token_secret)$/.test(key))
      return secretKeys(inner, at)
    return [
      {
        path: at,
        text: `'${key}' does not belong here: authsock keeps secrets in its vault; 'authsock login' asks for a client secret`,
      },
    ]
  })
}

/** The validator reports each level; what counts are the deepest errors, in words. */
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
          text: `'${name}' is not a profile name: it has lower-case letters, digits, '.', '_' and '-'`,
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
        ? [{ path, text: `'redirect' is not of the form http://127.0.0.1:PORT/PATH or http://[::1]:PORT/PATH` }]
        : typeof path.at(-1) === 'number'
          ? [{ path, text: `${JSON.stringify(valueAt(root, path))} is not a scope: one without spaces an element` }]
          : []
    case 'uniqueItems':
      return [{ path, text: `'${key}' names something twice` }]
    case 'minimum':
      return [{ path, text: `'${key}' is ${String(valueAt(root, path))}, less than ${String(at['minimum'])}` }]
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
      const advice = close === undefined ? `known are ${known.join(', ')}` : `did you mean '${close}'?`
      return { path: [...path, key], text: `'${key}' is not known here: ${advice}` }
    })
}

const article = (type: string): string =>
  ({ object: 'a table', array: 'a list', string: 'a text in quotes', boolean: 'true or false', integer: 'a whole number' })[
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

/** The schema that holds the keyword; a `$ref` in the location leads to its definition. */
function schemaAt(schema: Schema, location: string): Readonly<Record<string, unknown>> {
  const steps = location.replace(/^#\/?/, '').split('/').slice(0, -1)
  let at = schema as Record<string, unknown>
  for (const step of steps) {
    if (step === '$ref') at = schema['$defs']?.['profile'] as Record<string, unknown>
    else at = (at[decodeURIComponent(step)] ?? at) as Record<string, unknown>
  }
  return at
}
