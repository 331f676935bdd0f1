// Google's executable-sourced credentials (AIP-4117): `[PROFILE] [--access-token]`. The result is a subject token for Google's
// security token service. Errors are JSON with exit code 0: the client libraries read nothing else.

import { Failure } from '../core/failures.ts'
import { failureLine, jsonLine, options, unixTime } from './format.ts'
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

  fail: (failure) => ({
    stdout: jsonLine({ version: 1, success: false, code: String(failure.status), message: failureLine(failure) }),
  }),

  isBatch: ({ env }) => env['GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE'] !== '1',
}
