// Bazel's credential helper (and Buck2's, and engflow's specification): `get`, a URI on stdin, headers on stdout.

import { Failure } from '../core/failures.ts'
import { parseUrlPattern } from '../core/credentials/url-pattern.ts'
import { authorization, jsonLine, parseJson, rfc3339 } from './format.ts'
import type { Helper } from './ports.ts'

export const bazel: Helper = {
  async run({ args, stdin }, ports) {
    if (args.at(-1) !== 'get') throw new Failure('bad_request', `'${args.join(' ')}' is not get`)
    const { uri } = parseJson(stdin, 'the request')
    const place = typeof uri === 'string' ? parseUrlPattern(uri) : undefined
    if (place === undefined) throw new Failure('bad_request', "'uri' is missing or has no host")
    const credential = await ports.at(place)
    if (credential === undefined) return { stdout: '{}\n' }
    const { expiresAt } = credential
    return {
      stdout: jsonLine({
        headers: { Authorization: [authorization(credential)] },
        ...(expiresAt === undefined ? {} : { expires: rfc3339(expiresAt) }),
      }),
    }
  },
}
