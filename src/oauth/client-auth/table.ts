// The client authentication methods, by the name that a profile gives them. One file and one row each.

import type { ClientAuthentication } from '../../core/profile.ts'
import { clientSecretBasic } from './client-secret-basic.ts'
import { clientSecretByMetadata } from './client-secret-by-metadata.ts'
import { clientSecretPost } from './client-secret-post.ts'
import type { ClientAuthMethod } from './method.ts'
import { none } from './none.ts'

export const clientAuthMethods: Readonly<Record<ClientAuthentication, ClientAuthMethod>> = {
  none,
  client_secret: clientSecretByMetadata,
  client_secret_basic: clientSecretBasic,
  client_secret_post: clientSecretPost,
}
