// Azure: the managed identity of an App Service (`IDENTITY_ENDPOINT`), which every SDK supports, and the external authentication
// of the Azure Developer CLI (`AZD_AUTH_ENDPOINT`).

import { Failure } from '../../core/failures.ts'
import { newSecret } from '../../platform/loopback-secret.ts'
import { type ServiceRequest, checkSecret, notFound, type Service, textOf } from './server.ts'
import { expiryOf, type Sources } from './sources.ts'

const identityPath = '/msi/token'

export function azureService({ tokenFor }: Sources): Service {
  const secret = newSecret()
  return {
    variables: (origin) => ({ IDENTITY_ENDPOINT: `${origin}${identityPath}`, IDENTITY_HEADER: secret }),
    // client_id and similar parameters choose an identity: there is only one.
    answer: async (request) => {
      checkSecret(request.headers['x-identity-header'], secret)
      if (request.method !== 'GET' || request.path !== identityPath) throw notFound(request)
      const resource = request.query.get('resource')
      if (resource === null || resource === '') throw new Failure('bad_request', 'resource is missing')
      const token = await tokenFor(resource)
      const { access_token, token_type } = token
      return { status: 200, body: { access_token, expires_on: String(expiryOf(token)), resource, token_type } }
    },
    // MSAL reads `statusCode` and `message`, others the OAuth names.
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
    answer: async (request) => {
      checkSecret(request.headers.authorization?.replace(/^Bearer /, ''), secret)
      if (request.method !== 'POST' || request.path !== '/token') throw notFound(request)
      const token = await tokenFor(resourceOf(scopesIn(request)))
      const expiresOn = new Date(expiryOf(token) * 1000).toISOString().replace('.000Z', 'Z')
      return { status: 200, body: { status: 'success', token: token.access_token, expiresOn } }
    },
    fail: (failure) => {
      const isLogin = failure.code === 'login_required' || failure.code === 'login_pending'
      const code = isLogin ? 'NotSignedInError' : 'GetTokenError'
      // azd reads the body of a 200 only. The other failures are not caused by azd.
      const isForeign = ['peer_denied', 'not_found', 'too_large'].includes(failure.code)
      const status = isForeign ? failure.status : 200
      return { status, body: { status: 'error', code, message: textOf(failure) } }
    },
  }
}

function scopesIn({ body }: ServiceRequest): readonly string[] {
  try {
    const { scopes } = JSON.parse(body) as { readonly scopes?: unknown }
    if (Array.isArray(scopes) && scopes.length > 0 && scopes.every((scope) => typeof scope === 'string')) return scopes
  } catch {
    // Reported below.
  }
  throw new Failure('bad_request', 'scopes are missing')
}

/** `https://management.azure.com//.default` is the resource `https://management.azure.com/`. */
function resourceOf(scopes: readonly string[]): string {
  const [first = '', ...more] = new Set(scopes.map((scope) => scope.replace(/\/\.default$/, '')))
  if (more.length === 0) return first
  throw new Failure('bad_request', 'scopes of several resources: a token is for one resource')
}
