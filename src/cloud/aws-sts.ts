// AWS STS AssumeRoleWithWebIdentity: a token in, a role's credentials out. The call is not signed; the response is XML, of
// which four elements matter. The agent passes the function that sends (oauth/http/post-form.ts).

import type { AwsCredentials, AwsRole } from '../core/credentials/cloud-role.ts'
import { Failure } from '../core/failures.ts'
import { redact, type Redacted } from '../core/redacted.ts'
import { defined } from '../core/util/defined.ts'
import { insecurityOf } from '../core/util/secure-url.ts'
import { sanitizeForDisplay } from '../core/util/text.ts'

/** Sends a form; throws a Failure if there is no response. */
export type SendForm = (
  url: URL,
  form: Readonly<Record<string, string>>,
  options: { readonly accept: string },
) => Promise<{ readonly status: number; readonly text: string }>

/** Throws server_*, insecure_url. */
export async function assumeRole(role: AwsRole, token: Redacted<string>, send: SendForm): Promise<AwsCredentials> {
  const url = endpointOf(role)
  const form = defined({
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: role.roleArn,
    RoleSessionName: role.sessionName ?? 'authsock',
    WebIdentityToken: token.reveal(),
    DurationSeconds: role.duration === undefined ? undefined : String(role.duration),
  })
  const { status, text } = await send(url, form, { accept: 'application/xml' })
  if (status !== 200) throw refusal(url, status, text.replaceAll(token.reveal(), '[redacted]'))
  return read(url, text)
}

function endpointOf({ endpoint, region }: AwsRole): URL {
  const text = endpoint ?? (region === undefined ? 'https://sts.amazonaws.com/' : `https://sts.${region}.${domainOf(region)}/`)
  const url = URL.parse(text)
  const problem = url === null ? 'is not a URL' : insecurityOf(url)
  if (url !== null && problem === undefined) return url
  throw new Failure('insecure_url', `${sanitizeForDisplay(text)} ${problem}`, {
    hint: 'check AWS_ENDPOINT_URL_STS and the region',
  })
}

const domainOf = (region: string): string => (region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com')

const element = (xml: string, name: string): string | undefined => {
  const found = new RegExp(`<${name}>\\s*([^<]*?)\\s*</${name}>`).exec(xml)?.[1]
  return found?.replaceAll(/&(amp|lt|gt|quot|apos);/g, (_, entity: keyof typeof entities) => entities[entity])
}

const entities = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" } as const

function read({ host }: URL, xml: string): AwsCredentials {
  const accessKeyId = element(xml, 'AccessKeyId')
  const secretAccessKey = element(xml, 'SecretAccessKey')
  const sessionToken = element(xml, 'SessionToken')
  const expiresAt = Date.parse(element(xml, 'Expiration') ?? '')
  if (accessKeyId === undefined || secretAccessKey === undefined || sessionToken === undefined || Number.isNaN(expiresAt)) {
    throw new Failure('server_invalid_response', `${host} sent a response without credentials`)
  }
  return { accessKeyId, secretAccessKey: redact(secretAccessKey), sessionToken: redact(sessionToken), expiresAt }
}

function refusal({ host }: URL, status: number, xml: string): Failure {
  const [code, message] = [element(xml, 'Code'), element(xml, 'Message')]
  if (code === undefined) return new Failure('server_invalid_response', `${host} sent status ${status}`)
  const description = message === undefined ? '' : ` (${sanitizeForDisplay(message, 600)})`
  const says = `${host} says ${sanitizeForDisplay(code)}${description}`
  if (status >= 500 || code === 'Throttling') return new Failure('server_unavailable', says)
  return new Failure('server_refused', says, {
    hint: "check the role's trust policy: issuer, audience and subject of the token",
    oauthError: code,
  })
}
