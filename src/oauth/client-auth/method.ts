// What a client authentication method is: given the server and the client's credentials, what is added to a request.

import type * as openid from 'openid-client'
import type { Redacted } from '../../core/redacted.ts'

interface ClientAuthContext {
  readonly openid: typeof openid
  readonly metadata: openid.ServerMetadata
  /** Throws client_refused if no secret is known. */
  readonly secret: () => Promise<Redacted<string>>
}

export type ClientAuthMethod = (context: ClientAuthContext) => Promise<openid.ClientAuth>
