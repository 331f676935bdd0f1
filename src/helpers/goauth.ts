// Go's GOAUTH command: once without arguments, then with the URL that was refused.

import { withoutUsername, parseUrlPattern, formatUrlPattern } from '../core/credentials/url-pattern.ts'
import { authorization } from './format.ts'
import type { Helper } from './ports.ts'

export const goauth: Helper = {
  async run({ args }, ports) {
    const place = parseUrlPattern(args.at(-1) ?? '')
    // go sends credentials over https only.
    if (place?.scheme !== 'https') return {}
    const credential = await ports.at(place)
    if (credential === undefined) return {}
    // A bare host: what go matches its requests with.
    return {
      stdout: `${formatUrlPattern({ ...withoutUsername(place), segments: [] })}\n\nAuthorization: ${authorization(credential)}\n\n`,
    }
  },
}
