// Cargo's credential-provider protocol, version 1: a greeting with the supported versions, then one line of JSON for each request.

import { Failure } from '../core/failures.ts'
import { parseUrlPattern, type UrlPattern } from '../core/credentials/url-pattern.ts'
import { redact } from '../core/redacted.ts'
import { headerValue } from '../core/credentials/header-value.ts'
import { fieldsOf, jsonLine, parseJson, rawValue, unixTime } from './format.ts'
import type { Helper, HelperAnswer, HelperPorts } from './ports.ts'

const answer = (value: unknown): HelperAnswer => ({ stdout: jsonLine(value), next: 'more' })
const ok = (value: object): HelperAnswer => answer({ Ok: value })
const err = (kind: string, more: object = {}): HelperAnswer => answer({ Err: { kind, ...more } })

export const cargo: Helper = {
  async run({ stdin }, ports) {
    if (stdin === '') return answer({ v: [1] })
    const request = parseJson(stdin, "cargo's request")
    const index = fieldsOf(request['registry'])['index-url']
    const url = typeof index === 'string' ? parseUrlPattern(index) : undefined
    if (request['v'] !== 1)
      throw new Failure(
        'bad_request',
        `unsupported version of cargo's credential protocol: ${JSON.stringify(request['v'])}, not 1`,
      )
    if (url === undefined) return err('url-not-supported')
    switch (request['kind']) {
      case 'get':
        return get(url, ports)
      case 'login':
        return logIn(url, request['token'], ports)
      case 'logout':
        await ports.forget(url)
        return ok({ kind: 'logout' })
      default:
        return err('operation-not-supported')
    }
  },
}

async function get(url: UrlPattern, ports: HelperPorts): Promise<HelperAnswer> {
  const credential = await ports.at(url)
  // not-found makes cargo ask its next provider.
  if (credential === undefined) return err('not-found')
  const { value, tokenType, expiresAt, from } = credential
  // Private registries expect a scheme in front of an access token; crates.io expects its API tokens without one.
  const token = from.kind === 'profile' ? headerValue(tokenType, value.reveal()) : rawValue(credential)
  const cache = expiresAt === undefined ? { cache: 'session' } : { cache: 'expires', expiration: unixTime(expiresAt) }
  return ok({ kind: 'get', token, ...cache, operation_independent: true })
}

async function logIn(url: UrlPattern, token: unknown, ports: HelperPorts): Promise<HelperAnswer> {
  if (typeof token === 'string' && token !== '') {
    await ports.keep(url, redact(token))
    return ok({ kind: 'login' })
  }
  if ((await ports.at(url)) !== undefined) return ok({ kind: 'login' })
  throw new Failure('not_found', 'no token was given and no route covers this registry', {
    hint: 'pass a token to `cargo login` on stdin, or add a route: `authsock route add`',
  })
}
