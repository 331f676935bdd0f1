// The client secret in the Authorization header (RFC 6749 section 2.3.1).

import type { ClientAuthMethod } from './method.ts'

export const clientSecretBasic: ClientAuthMethod = async ({ openid, secret }) =>
  openid.ClientSecretBasic((await secret()).reveal())
