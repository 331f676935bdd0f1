// Google's executable-sourced credentials (AIP-4117): `[PROFILE] [--access-token]`. The result is a subject token for Google's
// security token service.

import { Failure } from '../core/failures.ts'
import { jsonLine, options, unixTime } from './format.ts'
import type { Helper } from './ports.ts'

const idToken = 'urn:ietf:params:oauth:token-type:id_token'
const jwt = 'urn:ietf:params:oauth:token-type:jwt'

export const google: Helper = {
  async run({ args, env }, ports) {
    const { name, target, minTtl, flags } = options(args, { 'access-token': 'flag' })
    const wanted = env['GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE'] ?? idToken
    if (wanted !== idToken && wanted !== jwt) {
      throw new Failure('bad_request', `unsupported subject_token_type '${wanted}'`, { hint: `set it to ${idToken} or ${jwt}` })
    }
    const { value, expiresAt } = flags.has('access-token') ? await ports.named(name, target, minTtl) : await ports.idToken(name)
    return {
      stdout: jsonLine({
        version: 1,
        success: true,
        token_type: wanted,
        id_token: value.reveal(),
        expiration_time: unixTime(expiresAt),
      }),
    }
  },

  isBatch: ({ env }) => env['GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE'] !== '1',
}
