// The client secret in the body of the request (RFC 6749 section 2.3.1).

import type { ClientAuthMethod } from './method.ts'

export const clientSecretPost: ClientAuthMethod = async ({ openid, secret }) => openid.ClientSecretPost((await secret()).reveal())
