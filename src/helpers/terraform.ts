// Terraform's and OpenTofu's credentials helpers: `[args] get|store|forget HOST`.

import { Failure } from '../core/failures.ts'
import { parseUrlPattern } from '../core/credentials/url-pattern.ts'
import { redact } from '../core/redacted.ts'
import { jsonLine, parseJson } from './format.ts'
import type { Helper } from './ports.ts'

export const terraform: Helper = {
  async run({ args, stdin }, ports) {
    const [operation, host = ''] = args.slice(-2)
    const place = parseUrlPattern(host.includes('://') ? host : `https://${host}`)
    if (place === undefined) throw new Failure('bad_request', `'${host}' is not a host`)
    switch (operation) {
      case 'get': {
        const credential = await ports.at(place)
        return { stdout: jsonLine(credential === undefined ? {} : { token: credential.value.reveal() }) }
      }
      case 'store': {
        const { token } = parseJson(stdin, 'what is to be stored')
        if (typeof token !== 'string' || token === '') throw new Failure('bad_request', "only a 'token' can be stored")
        await ports.keep(place, redact(token))
        return {}
      }
      case 'forget':
        await ports.forget(place)
        return {}
      default:
        throw new Failure('bad_request', `'${args.join(' ')}' is none of get, store, forget HOST`)
    }
  },
}
