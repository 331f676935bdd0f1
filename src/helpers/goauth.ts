// Go's GOAUTH command (go help goauth). Go runs it once without arguments, then with the URL of each request that got a 4xx.

import { withoutUsername, parseUrlPattern, formatUrlPattern } from '../core/credentials/url-pattern.ts'
import { authorization } from './format.ts'
import type { Helper } from './ports.ts'

export const goauth: Helper = {
  async run({ args }, ports) {
    const url = parseUrlPattern(args.at(-1) ?? '')
    // go sends credentials over https only.
    if (url?.scheme !== 'https') return {}
    const credential = await ports.at(url)
    if (credential === undefined) return {}
    // Go 1.24.4 applies the header only if the URL is a bare host.
    const host = formatUrlPattern({ ...withoutUsername(url), segments: [] })
    return { stdout: `${host}\n\nAuthorization: ${authorization(credential)}\n\n` }
  },
}
