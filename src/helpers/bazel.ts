// Bazel's credential helper protocol (also Buck2; specified by EngFlow): `get`, a URI on stdin as JSON, headers on stdout.

import { Failure } from '../core/failures.ts'
import { parseUrlPattern } from '../core/credentials/url-pattern.ts'
import { authorization, jsonLine, parseJson, rfc3339, unknownOperation } from './format.ts'
import type { Helper } from './ports.ts'

export const bazel: Helper = {
  async run({ args, stdin }, ports) {
    if (args.at(-1) !== 'get') throw unknownOperation(args, 'get')
    const { uri } = parseJson(stdin, 'the request')
    const url = typeof uri === 'string' ? parseUrlPattern(uri) : undefined
    if (url === undefined) throw new Failure('bad_request', "'uri' is missing or has no host")
    const credential = await ports.at(url)
    if (credential === undefined) return { stdout: '{}\n' }
    const headers = { Authorization: [authorization(credential)] }
    return { stdout: jsonLine({ headers, expires: rfc3339(credential.expiresAt) }) }
  },
}
