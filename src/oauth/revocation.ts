// Token revocation, RFC 7009 (P18).

import type { Redacted } from '../core/redacted.ts'
import type { Connection } from './connection.ts'
import { failureOf } from './http/outcome.ts'

export type TokenTypeHint = 'refresh_token' | 'access_token'
/** `unsupported`: the server has no revocation endpoint, or does not revoke tokens of this type. */
export type RevocationResult = 'revoked' | 'unsupported'

/** Throws a Failure. */
export async function revoke(
  connection: Connection,
  token: Redacted<string>,
  hint: TokenTypeHint,
  signal: AbortSignal,
): Promise<RevocationResult> {
  if (connection.metadata.revocation_endpoint === undefined) return 'unsupported'
  const { configuration, request } = await connection.configure(signal)
  try {
    await connection.openid.tokenRevocation(configuration, token.reveal(), { token_type_hint: hint })
    return 'revoked'
  } catch (error) {
    const { status, oauthError } = request.trace
    if (status !== undefined && status >= 200 && status < 300) return 'revoked'
    if (oauthError?.code === 'unsupported_token_type') return 'unsupported' // RFC 7009 section 2.2.1
    throw failureOf(error, request.trace)
  }
}
