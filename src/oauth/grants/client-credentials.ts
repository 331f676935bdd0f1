// The client credentials grant, RFC 6749 section 4.4: no user, no refresh token.

import { targetParameters } from '../connection.ts'
import { requestTokens, type UnattendedGrant } from './flow.ts'

export const clientCredentials: UnattendedGrant = {
  async renew(connection, target, signal) {
    const { scopes } = connection.profile
    const parameters = targetParameters(target.scope === undefined ? { ...target, scope: scopes } : target)
    const outcome = await requestTokens(connection, signal, (configuration) =>
      connection.openid.clientCredentialsGrant(configuration, parameters),
    )
    if (outcome.kind !== 'tokens') return outcome
    // RFC 6749 section 4.4.3: there should be none, and it would be of no use.
    const { refreshToken: _unused, ...response } = outcome.response
    return { kind: 'tokens', response }
  },
}
