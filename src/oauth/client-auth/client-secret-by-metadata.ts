// The client secret in the header or in the body, as the server's metadata says (RFC 8414 section 2; its default is the header).

import { clientSecretBasic } from './client-secret-basic.ts'
import { clientSecretPost } from './client-secret-post.ts'
import type { ClientAuthMethod } from './method.ts'

export const clientSecretByMetadata: ClientAuthMethod = (context) => {
  const { token_endpoint_auth_methods_supported: listed } = context.metadata
  const isPostOnly = Array.isArray(listed) && listed.includes('client_secret_post') && !listed.includes('client_secret_basic')
  return (isPostOnly ? clientSecretPost : clientSecretBasic)(context)
}
