// The credentials helper of Terraform and OpenTofu: `[args] get|store|forget HOST`.

import { Failure } from '../core/failures.ts'
import { parseUrlPattern } from '../core/credentials/url-pattern.ts'
import { redact } from '../core/redacted.ts'
import { jsonLine, parseJson, unknownOperation } from './format.ts'
import type { Helper } from './ports.ts'

export const terraform: Helper = {
  async run({ args, stdin }, ports) {
    const [operation, host = ''] = args.slice(-2)
    const url = parseUrlPattern(host.includes('://') ? host : `https://${host}`)
    if (url === undefined) throw new Failure('bad_request', `'${host}' is not a host name`)
    switch (operation) {
      case 'get': {
        const credential = await ports.at(url)
        return { stdout: jsonLine(credential === undefined ? {} : { token: credential.value.reveal() }) }
      }
      case 'store': {
        const { token } = parseJson(stdin, 'the credential to store')
        if (typeof token !== 'string' || token === '')
          throw new Failure('bad_request', "'token' is missing: nothing else can be stored")
        await ports.keep(url, redact(token))
        return {}
      }
      case 'forget':
        await ports.forget(url)
        return {}
      default:
        throw unknownOperation(args, 'get, store or forget, and a host')
    }
  },
}
