// An access request: who asks, over which channel, for which credential, and for which target. authorize() decides on it; the
// approval prompt and the audit log describe it.

import type { AwsRole } from '../credentials/cloud-role.ts'
import type { Target } from '../session/session.ts'
import { quoteForDisplay, sanitizeForDisplay } from '../util/text.ts'
import { callerText, type Requester } from './caller.ts'

/** A profile and a static secret may have the same name: the kind tells them apart. */
export type RequestedCredential =
  | { readonly kind: 'access_token'; readonly profile: string }
  | { readonly kind: 'id_token'; readonly profile: string }
  | {
      readonly kind: 'cloud_role'
      readonly profile: string
      readonly role: AwsRole
      readonly exchanged: 'access_token' | 'id_token'
    }
  | { readonly kind: 'secret'; readonly secret: string }

export type CredentialKind = RequestedCredential['kind']

export interface AccessRequest {
  readonly requester: Requester
  readonly credential: RequestedCredential
  /** Resolved: the profile's defaults are applied. A `scope` that is not known (nobody has logged in yet) is undefined. */
  readonly target: Target
  /** What the server has granted; undefined until there is a token (R16). */
  readonly granted?: readonly string[]
}

/** The profile or secret it names. */
export const credentialName = (credential: RequestedCredential): string =>
  credential.kind === 'secret' ? credential.secret : credential.profile

/** The scope that is decided on. */
export const effectiveScope = ({ granted, target }: AccessRequest): readonly string[] | undefined => granted ?? target.scope

/** One line for people: `git (pid 42) of make asks for an access token of 'work' (read, https://api.example.com)`. */
export function describeAccessRequest(request: AccessRequest): string {
  const { requester, credential, target } = request
  const scope = effectiveScope(request)
  const parts = [
    scope === undefined || scope.length === 0 ? undefined : sanitizeForDisplay(scope.map(quoteForDisplay).join(' ')),
    ...[target.resource, target.audience].map((text) => (text === undefined ? undefined : quoteForDisplay(text))),
  ].filter((part) => part !== undefined)
  return `${callerText(requester)} asks for ${describeCredential(credential)}${parts.length === 0 ? '' : ` (${parts.join(', ')})`}`
}

function describeCredential(credential: RequestedCredential): string {
  const name = `'${sanitizeForDisplay(credentialName(credential))}'`
  switch (credential.kind) {
    case 'access_token':
      return `an access token of ${name}`
    case 'id_token':
      return `an ID token of ${name}`
    case 'cloud_role':
      return `credentials of the AWS role ${quoteForDisplay(credential.role.roleArn)} by way of ${name}`
    case 'secret':
      return `the secret ${name}`
  }
}
