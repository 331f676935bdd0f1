// How a static secret is stored in its sealed file: JSON, checked field by field when it is read back.

import { Failure } from '../failures.ts'
import { redact } from '../redacted.ts'
import { defined } from '../util/defined.ts'
import { number, object, oneOf, string } from '../util/json-decoder.ts'
import type { StaticSecret } from './static-secret.ts'

const version = 1

export function encodeSecret(secret: StaticSecret): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ version, ...secret, value: secret.value.reveal() }))
}

/** Throws record_damaged. */
export function decodeSecret(content: Uint8Array, name: string): StaticSecret {
  try {
    return decode(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content)), name)
  } catch {
    throw new Failure('record_damaged', `the stored secret '${name}' cannot be read`, {
      hint: `the file is kept; \`authsock secret add ${name}\` replaces it`,
    })
  }
}

function decode(value: unknown, name: string): StaticSecret {
  const json = object(value, 'secret')
  oneOf(String(json['version']), [String(version)], 'version')
  oneOf(string(json['name'], 'name'), [name], 'name')
  const text = (key: string): string | undefined => (json[key] === undefined ? undefined : string(json[key], key))
  return {
    name,
    value: redact(string(json['value'], 'value')),
    createdAt: number(json['createdAt'], 'createdAt'),
    origin: oneOf(json['origin'], ['user', 'tool'] as const, 'origin'),
    ...defined({
      url: text('url'),
      username: text('username'),
      expiresAt: json['expiresAt'] === undefined ? undefined : number(json['expiresAt'], 'expiresAt'),
    }),
  }
}
