// Who logged in, by the claims of the ID token.

import type { Redacted } from '../core/redacted.ts'
import type { Identity } from '../core/session/session.ts'
import { printable } from './http/outcome.ts'

type Claims = Readonly<Record<string, unknown>>

export function identityOf(claims: Claims & { readonly iss: string; readonly sub: string }): Identity {
  const text = (name: string): string | undefined => {
    const value = claims[name]
    return typeof value === 'string' && printable(value) !== '' ? printable(value) : undefined
  }
  const [name, email, preferredUsername] = [text('name'), text('email'), text('preferred_username')]
  return {
    issuer: claims.iss,
    subject: claims.sub,
    ...(name === undefined ? {} : { name }),
    ...(email === undefined ? {} : { email }),
    ...(preferredUsername === undefined ? {} : { preferredUsername }),
  }
}

/** Undefined where it is no JWT. */
export function unverifiedClaims(idToken: Redacted<string>): Claims | undefined {
  try {
    const payload = idToken.reveal().split('.')[1]
    const claims: unknown = payload === undefined ? undefined : JSON.parse(Buffer.from(payload, 'base64url').toString())
    return typeof claims === 'object' && claims !== null ? (claims as Claims) : undefined
  } catch {
    return undefined
  }
}

export const sameIdentity = (claims: Claims, identity: Identity): boolean =>
  claims['iss'] === identity.issuer && claims['sub'] === identity.subject
