// How each grant gets its tokens. One file and one row each; what they can do is in core/grant.ts.

import type { Grant } from '../../core/grant.ts'
import { authorizationCode } from './authorization-code.ts'
import { clientCredentials } from './client-credentials.ts'
import { deviceCode } from './device-code.ts'
import type { InteractiveGrant, UnattendedGrant } from './flow.ts'

export const grantFlows: Readonly<Record<Grant, InteractiveGrant | UnattendedGrant>> = {
  authorization_code: authorizationCode,
  device_code: deviceCode,
  client_credentials: clientCredentials,
}
