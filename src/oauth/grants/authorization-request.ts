// The authorization request: what the browser is sent to the server with, directly or pushed before (RFC 9126).

import { Failure } from '../../core/failures.ts'
import { defined } from '../../core/util/defined.ts'
import { type Connection, defaultTarget, targetParameters, withResources } from '../connection.ts'
import { failureOf } from '../http/outcome.ts'
import type { RequestTrace } from '../http/trace.ts'

/** What makes one login that one. */
export interface Attempt {
  readonly state: string
  /** If an ID token is expected. */
  readonly nonce: string | undefined
  readonly verifier: string
  readonly redirectUri: string
}

export const newAttempt = ({ profile, openid }: Connection, state: string, redirectUri: string): Attempt => ({
  state,
  nonce: profile.scopes.includes('openid') ? openid.randomNonce() : undefined,
  verifier: openid.randomPKCECodeVerifier(),
  redirectUri,
})

/** The address to open in the browser. Throws a Failure. */
export async function authorizationUrl(connection: Connection, attempt: Attempt, signal: AbortSignal): Promise<string> {
  const { profile, metadata, openid } = connection
  const parameters = await authorizationParameters(connection, attempt)
  const { configuration, request } = await connection.configure(signal, {
    metadata: {
      ...metadata,
      ...defined({ authorization_endpoint: endpointWithout(parameters, metadata.authorization_endpoint) }),
    },
  })
  const all = withResources(parameters, profile)
  const direct = (): string => openid.buildAuthorizationUrl(configuration, all).href
  const isRequired = metadata.require_pushed_authorization_requests === true
  const isOffered = metadata.pushed_authorization_request_endpoint !== undefined
  if (isRequired && !isOffered) {
    const text = `${profile.issuer} requires pushed authorization requests and names no endpoint for them`
    throw new Failure('discovery_failed', text)
  }
  // P17: a client may require it, though the metadata does not.
  if (!isRequired && (!isOffered || !profile.pushedAuthorization)) return direct()
  try {
    return (await openid.buildAuthorizationUrlWithPAR(configuration, all)).href
  } catch (error) {
    if (!isRequired && isUnavailable(request.trace)) return direct()
    throw failureOf(error, request.trace)
  }
}

/** The endpoint does not work, or not for this client; what it says of the request itself the browser would only say later. */
function isUnavailable({ networkError, oauthError }: RequestTrace): boolean {
  if (networkError !== undefined) return networkError.name !== 'AbortError'
  return oauthError === undefined || ['unauthorized_client', 'invalid_client', 'server_error'].includes(oauthError.code)
}

async function authorizationParameters(
  { profile, openid }: Connection,
  { state, nonce, verifier, redirectUri }: Attempt,
): Promise<Record<string, string>> {
  const parameters: Record<string, string> = {
    // OpenID Connect Core section 11: without it, offline_access is ignored.
    ...(profile.scopes.includes('offline_access') ? { prompt: 'consent' } : {}),
    ...profile.authorizationParameters,
    // P20, whatever the profile adds.
    response_type: 'code',
    client_id: profile.clientId,
    ...targetParameters({ scope: profile.scopes, ...defaultTarget(profile) }),
    redirect_uri: redirectUri,
    state,
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...defined({ nonce }),
  }
  // The profile leaves a parameter out by giving it no value: `prompt = ""`.
  for (const [name, value] of Object.entries(parameters)) if (value === '') delete parameters[name]
  for (const name of overriding) delete parameters[name]
  return parameters
}

/** A request object would override all of the others (RFC 9101), and another response mode never reaches the listener. */
const overriding = ['request', 'request_uri', 'response_mode']

/** An endpoint may have a query of its own (RFC 6749 section 3.1), which openid-client adds to: no parameter is sent twice. */
function endpointWithout(parameters: Readonly<Record<string, string>>, endpoint: string | undefined): string | undefined {
  if (endpoint === undefined) return undefined
  const url = new URL(endpoint)
  for (const name of [...Object.keys(parameters), ...overriding]) url.searchParams.delete(name)
  return url.href
}
