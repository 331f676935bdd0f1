// A public client: its id and nothing else (RFC 6749 section 3.2.1).

import type { ClientAuthMethod } from './method.ts'

export const none: ClientAuthMethod = async ({ openid }) => openid.None()
