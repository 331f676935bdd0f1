// Google's metadata server for SDKs and gcloud (`GCE_METADATA_HOST`). Its protocol has no secret: the required header excludes
// pages in a browser, and on Linux the kernel tells which user the peer is.

import { asFailure, Failure } from '../../core/failures.ts'
import { defined } from '../../core/util/defined.ts'
import { jwtPayload } from '../../core/util/jwt-payload.ts'
import { type ServiceRequest, notFound, type Reply, type Service, textOf } from './server.ts'
import { expiryOf, type Sources } from './sources.ts'

const flavor = { 'Metadata-Flavor': 'Google' } as const
const base = '/computeMetadata/v1'

interface Account {
  readonly email: string
  readonly scopes: readonly string[]
}

export function googleService(sources: Sources, project: string | undefined, isOwnPort: Service['isOwnPort']): Service {
  const ok = (body: object | string): Reply => ({ status: 200, body, headers: flavor })
  return {
    ...defined({ isOwnPort }),
    variables: (origin) => {
      const { host } = new URL(origin)
      return { GCE_METADATA_HOST: host, GCE_METADATA_IP: host, GCE_METADATA_ROOT: host }
    },
    answer: async (request) => {
      if (request.headers['metadata-flavor'] !== 'Google') {
        throw new Failure('peer_denied', 'the header Metadata-Flavor: Google is missing', { hint: '' })
      }
      if (request.method !== 'GET') throw notFound(request)
      if (request.path === '/') return ok('computeMetadata/\n')
      if (!`${request.path}/`.startsWith(`${base}/`)) throw notFound(request)
      return ok(await metadata(request, sources, project))
    },
    fail: (failure) => ({ status: failure.status, body: `authsock: ${textOf(failure)}\n`, headers: flavor }),
  }
}

async function metadata(request: ServiceRequest, sources: Sources, project: string | undefined): Promise<object | string> {
  const path = request.path.slice(base.length).replace(/\/$/, '')
  switch (path) {
    case '':
      return 'instance/\nproject/\nuniverse/\n'
    case '/instance':
      return 'service-accounts/\n'
    case '/universe/universe-domain':
      return 'googleapis.com'
    // gcloud detects a metadata server by this: any number will do.
    case '/project/numeric-project-id':
      return '0'
    case '/project/project-id':
      if (project === undefined) throw notFound(request)
      return project
  }
  const found = /^\/instance\/service-accounts(?:\/([^/]+)(?:\/([^/]+))?)?$/.exec(path)
  if (found === null) throw notFound(request)
  const account = await accountOf(sources)
  const [, name, what] = found
  const isRecursive = request.query.get('recursive') === 'true'
  const described = { aliases: ['default'], email: account.email, scopes: account.scopes }
  if (name === undefined)
    return isRecursive ? { default: described, [account.email]: described } : `default/\n${account.email}/\n`
  if (name !== 'default' && name.replaceAll('%40', '@') !== account.email) throw notFound(request)
  switch (what) {
    case undefined:
      return isRecursive ? described : 'aliases\nemail\nidentity\nscopes\ntoken\n'
    case 'email':
      return account.email
    case 'scopes':
      return account.scopes.map((scope) => `${scope}\n`).join('')
    case 'aliases':
      return 'default\n'
    case 'token':
      return tokenOf(sources)
    case 'identity':
      return identity(request, sources)
    default:
      throw notFound(request)
  }
}

/** Scopes in the query are ignored, as Google does for scopes that the machine does not have. */
async function tokenOf({ token, now }: Sources): Promise<object> {
  const answer = await token()
  return { access_token: answer.access_token, expires_in: expiryOf(answer) - now(), token_type: answer.token_type }
}

async function accountOf({ token, user }: Sources): Promise<Account> {
  const { profile, scope } = await token()
  const name = await user(profile)
  return { email: name?.includes('@') === true ? name : `${profile}@authsock.invalid`, scopes: scope.split(' ') }
}

/** Only for the audience that the ID token has. gcloud asks for one too, and accepts a 404. */
async function identity({ query }: ServiceRequest, { helper, profile }: Sources): Promise<string> {
  const audience = query.get('audience')
  if (audience === null || audience === '') throw new Failure('bad_request', 'audience is missing')
  const answer = await helper('google', profile).catch((error: unknown) => {
    const { code, message, hint } = asFailure(error)
    throw code === 'unsupported_by_server' ? new Failure('not_found', message, { hint }) : error
  })
  const { id_token: token } = JSON.parse(answer) as { readonly id_token: string }
  const aud = jwtPayload(token)?.['aud']
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  if (audiences.includes(audience)) return token
  throw new Failure('not_found', `the ID token is for ${audiences.join(' ')}, not for ${audience.slice(0, 200)}`, {
    hint: 'request that audience',
  })
}
