// AWS STS AssumeRoleWithWebIdentity: a token in, a role's credentials out. The call is not signed; the answer is XML, of which
// four elements matter.

import type { AwsCredentials, AwsRole } from '../core/credentials/cloud-role.ts'
import { Failure } from '../core/failures.ts'
import { redact, type Redacted } from '../core/redacted.ts'
import { OAuthRequest, isLoopback } from '../oauth/http/request.ts'
import { failureOf, printable } from '../oauth/http/outcome.ts'

const patience = 20_000

/** Fails with server_*, insecure_url. */
export async function assumeRole(
  role: AwsRole,
  token: Redacted<string>,
  options: { readonly now: () => number; readonly signal: AbortSignal },
): Promise<AwsCredentials> {
  const url = endpointOf(role)
  const exchange = new OAuthRequest({ ca: undefined, patience, ...options })
  const body = new URLSearchParams({
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: role.roleArn,
    RoleSessionName: role.sessionName ?? 'authsock',
    WebIdentityToken: token.reveal(),
    ...(role.duration === undefined ? {} : { DurationSeconds: String(role.duration) }),
  })
  const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/xml' }
  let text: string
  let status: number
  try {
    const response = await exchange.fetch(url.href, { method: 'POST', headers, body })
    text = await response.text()
    status = response.status
  } catch (error) {
    throw failureOf(error, exchange.trace)
  }
  if (status !== 200) throw refusal(url, status, text.replaceAll(token.reveal(), '[redacted]'))
  return read(url, text)
}

function endpointOf({ endpoint, region }: AwsRole): URL {
  const text = endpoint ?? (region === undefined ? 'https://sts.amazonaws.com/' : `https://sts.${region}.${domainOf(region)}/`)
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'https:' && !isLoopback(url))) {
    throw new Failure('insecure_url', `${text.slice(0, 200)} is not an https URL`, {
      hint: 'check AWS_ENDPOINT_URL_STS and the region',
    })
  }
  return url
}

const domainOf = (region: string): string => (region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com')

const element = (xml: string, name: string): string | undefined => {
  const found = new RegExp(`<${name}>\\s*([^<]*?)\\s*</${name}>`).exec(xml)?.[1]
  return found?.replaceAll(/&(amp|lt|gt|quot|apos);/g, (_, entity: keyof typeof entities) => entities[entity])
}

const entities = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" } as const

function read({ host }: URL, xml: string): AwsCredentials {
  const [accessKeyId, secretAccessKey, sessionToken, expiration] = [
    'AccessKeyId',
    'SecretAccessKey',
    'SessionToken',
    'Expiration',
  ].map((name) => element(xml, name))
  const expiresAt = Date.parse(expiration ?? '')
  if (accessKeyId === undefined || secretAccessKey === undefined || sessionToken === undefined || Number.isNaN(expiresAt)) {
    throw new Failure('server_invalid_response', `${host} sent an answer without credentials`)
  }
  return { accessKeyId, secretAccessKey: redact(secretAccessKey), sessionToken: redact(sessionToken), expiresAt }
}

function refusal({ host }: URL, status: number, xml: string): Failure {
  const [code, message] = [element(xml, 'Code'), element(xml, 'Message')]
  if (code === undefined) return new Failure('server_invalid_response', `${host} answered with status ${status}`)
  const said = `${host} says ${printable(code)}${message === undefined ? '' : ` (${printable(message)})`}`
  if (status >= 500 || code === 'Throttling') return new Failure('server_unavailable', said)
  return new Failure('server_refused', said, {
    hint: "check the role's trust policy: issuer, audience and subject of the token",
    oauthError: code,
  })
}
