// Cargo's credential-provider protocol, version 1: a greeting, then a line of JSON for each line of JSON until the end.

import { asFailure, Failure } from '../core/failures.ts'
import { parseUrlPattern, type UrlPattern } from '../core/credentials/url-pattern.ts'
import { redact } from '../core/redacted.ts'
import { failureLine, jsonLine, parseJson, schemeOf, unixTime } from './format.ts'
import type { Helper, HelperAnswer, HelperPorts } from './ports.ts'

const answer = (value: unknown): HelperAnswer => ({ stdout: jsonLine(value), next: 'more' })
const ok = (value: object): HelperAnswer => answer({ Ok: value })
const err = (kind: string, more: object = {}): HelperAnswer => answer({ Err: { kind, ...more } })
const other = (failure: Failure): HelperAnswer => err('other', { message: failureLine(failure), 'caused-by': [] })

export const cargo: Helper = {
  async run({ stdin }, ports) {
    if (stdin === '') return answer({ v: [1] })
    const request = parseJson(stdin, "cargo's request")
    const registry = request['registry'] as { readonly 'index-url'?: unknown } | undefined
    const url = registry?.['index-url']
    const place = typeof url === 'string' ? parseUrlPattern(url) : undefined
    if (request['v'] !== 1)
      throw new Failure('bad_request', `cargo speaks version ${String(request['v'])} of its protocol, not 1`)
    if (place === undefined) return err('url-not-supported')
    switch (request['kind']) {
      case 'get':
        return get(place, ports)
      case 'login':
        return logIn(place, request['token'], ports)
      case 'logout':
        await ports.forget(place)
        return ok({ kind: 'logout' })
      default:
        return err('operation-not-supported')
    }
  },

  fail: other,
}

async function get(place: UrlPattern, ports: HelperPorts): Promise<HelperAnswer> {
  const credential = await ports.at(place)
  // Either way cargo asks its next provider; only after this one `cargo login` goes on where the index wants a token too.
  if (credential === undefined) return err('not-found')
  const { value, tokenType, expiresAt, from } = credential
  // A registry of one's own takes a scheme in front; crates.io takes its tokens bare.
  const token = from.kind === 'profile' ? `${schemeOf(tokenType)} ${value.reveal()}` : value.reveal()
  const cache = expiresAt === undefined ? { cache: 'session' } : { cache: 'expires', expiration: unixTime(expiresAt) }
  return ok({ kind: 'get', token, ...cache, operation_independent: true })
}

async function logIn(place: UrlPattern, token: unknown, ports: HelperPorts): Promise<HelperAnswer> {
  if (typeof token === 'string' && token !== '') {
    await ports.keep(place, redact(token))
    return ok({ kind: 'login' })
  }
  try {
    if ((await ports.at(place)) !== undefined) return ok({ kind: 'login' })
  } catch (error) {
    return other(asFailure(error))
  }
  return other(
    new Failure('not_found', 'no token was given, and no route covers this registry', {
      hint: '`cargo login` with a token on stdin, or `authsock route add`',
    }),
  )
}
