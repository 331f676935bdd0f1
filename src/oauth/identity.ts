// Who logged in, by the claims of the ID token.

import type { Identity } from '../core/session/session.ts'
import { defined } from '../core/util/defined.ts'
import type { JwtClaims } from '../core/util/jwt-payload.ts'
import { serverText } from './http/server-text.ts'

export function identityOf(claims: JwtClaims & { readonly iss: string; readonly sub: string }): Identity {
  const text = (name: string): string | undefined => {
    const value = claims[name]
    return typeof value === 'string' && serverText(value) !== '' ? serverText(value) : undefined
  }
  return {
    issuer: claims.iss,
    subject: claims.sub,
    ...defined({ name: text('name'), email: text('email'), preferredUsername: text('preferred_username') }),
  }
}

export const sameIdentity = (claims: JwtClaims, identity: Identity): boolean =>
  claims['iss'] === identity.issuer && claims['sub'] === identity.subject
