// Azure: the managed identity of an App Service (`IDENTITY_ENDPOINT`), which every SDK knows, and the external authentication
// of the Azure Developer CLI (`AZD_AUTH_ENDPOINT`).

import { Failure } from '../../core/failures.ts'
import { newSecret } from '../../platform/loopback-secret.ts'
import { type Asked, checkSecret, notFound, type Service, textOf } from './server.ts'
import { expiryOf, type Sources } from './sources.ts'

const identityPath = '/msi/token'

export function azureService({ tokenFor }: Sources): Service {
  const secret = newSecret()
  return {
    variables: (origin) => ({ IDENTITY_ENDPOINT: `${origin}${identityPath}`, IDENTITY_HEADER: secret }),
    // Which identity is asked for (client_id and its like) does not matter: there is one.
    answer: async (asked) => {
      checkSecret(asked.headers['x-identity-header'], secret)
      if (asked.method !== 'GET' || asked.path !== identityPath) throw notFound(asked)
      const resource = asked.query.get('resource')
      if (resource === null || resource === '') throw new Failure('bad_request', 'resource is missing')
      const token = await tokenFor(resource)
      const { access_token, token_type } = token
      return { status: 200, body: { access_token, expires_on: String(expiryOf(token)), resource, token_type } }
    },
    // MSAL shows `statusCode` and `message`, others the OAuth names.
    fail: (failure) => {
      const message = textOf(failure)
      const body = { statusCode: failure.status, message, error: failure.code, error_description: message }
      return { status: failure.status, body }
    },
  }
}

export function azdService({ tokenFor }: Sources): Service {
  const secret = newSecret()
  return {
    variables: (origin) => ({ AZD_AUTH_ENDPOINT: origin, AZD_AUTH_KEY: secret }),
    answer: async (asked) => {
      checkSecret(asked.headers.authorization?.replace(/^Bearer /, ''), secret)
      if (asked.method !== 'POST' || asked.path !== '/token') throw notFound(asked)
      const token = await tokenFor(resourceOf(scopesIn(asked)))
      const expiresOn = new Date(expiryOf(token) * 1000).toISOString().replace('.000Z', 'Z')
      return { status: 200, body: { status: 'success', token: token.access_token, expiresOn } }
    },
    fail: (failure) => {
      const isLogin = failure.code === 'login_required' || failure.code === 'login_pending'
      const code = isLogin ? 'NotSignedInError' : 'GetTokenError'
      // azd reads the body only of a 200: where a token could not be had. What is not azd may have the status.
      const isForeign = ['peer_denied', 'not_found', 'too_large'].includes(failure.code)
      const status = isForeign ? failure.status : 200
      return { status, body: { status: 'error', code, message: textOf(failure) } }
    },
  }
}

function scopesIn({ body }: Asked): readonly string[] {
  try {
    const { scopes } = JSON.parse(body) as { readonly scopes?: unknown }
    if (Array.isArray(scopes) && scopes.length > 0 && scopes.every((scope) => typeof scope === 'string')) return scopes
  } catch {
    // Said below.
  }
  throw new Failure('bad_request', 'the body names no scopes')
}

/** `https://management.azure.com//.default` is the resource `https://management.azure.com/`. */
function resourceOf(scopes: readonly string[]): string {
  const [first = '', ...more] = new Set(scopes.map((scope) => scope.replace(/\/\.default$/, '')))
  if (more.length === 0) return first
  throw new Failure('bad_request', 'a token is for one resource, and scopes of several are asked for')
}
