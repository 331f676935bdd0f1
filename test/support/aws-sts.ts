// AWS's security token service on loopback: it exchanges the tokens that it is told of for credentials that differ each time,
// and knows who signs with them.

import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Sts {
  readonly url: string
  /** Of each exchange. */
  readonly exchanges: readonly URLSearchParams[]
  /** Access key ids of signed calls. */
  readonly signers: readonly string[]
  /** Seconds that the next credentials are good for. */
  life: number
  close(): void
}

export const roleArn = 'arn:aws:iam::111122223333:role/deploy'
export const keyOf = (number: number): string => `ASIASTUB${String(number).padStart(12, '0')}`
export const secretOf = (number: number): string => `secret/of+${number}`

export async function startSts(accepts: (token: string) => Promise<boolean>): Promise<Sts> {
  const exchanges: URLSearchParams[] = []
  const signers: string[] = []
  const http = createServer((request, response) => {
    void reply(request).then(([status, xml]) => response.writeHead(status, { 'content-type': 'text/xml' }).end(xml))
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')

  async function reply(request: IncomingMessage): Promise<[number, string]> {
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    const form = new URLSearchParams(Buffer.concat(chunks).toString())
    if (form.get('Action') === 'GetCallerIdentity') return identity(request)
    if (!(await accepts(form.get('WebIdentityToken') ?? ''))) return refusal('InvalidIdentityToken')
    if (form.get('RoleArn') !== roleArn) return refusal('AccessDenied')
    exchanges.push(form)
    const number = exchanges.length
    const until = new Date(Date.now() + sts.life * 1000).toISOString()
    return [200, credentialsXml(keyOf(number), secretOf(number), `session-${number}`, until)]
  }

  function identity({ headers }: IncomingMessage): [number, string] {
    const key = /^AWS4-HMAC-SHA256 Credential=([^/]+)\//.exec(headers.authorization ?? '')?.[1] ?? ''
    const number = Number(key.replace('ASIASTUB', ''))
    if (key !== keyOf(number) || headers['x-amz-security-token'] !== `session-${number}`) return refusal('InvalidClientTokenId')
    signers.push(key)
    return [200, identityXml]
  }

  const sts = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    exchanges,
    signers,
    life: 3600,
    close: () => {
      http.close()
      http.closeAllConnections()
    },
  }
  return sts
}

const refusal = (code: string): [number, string] => [
  400,
  `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>the stub says no</Message></Error></ErrorResponse>`,
]

const credentialsXml = (key: string, secret: string, token: string, until: string): string => `
<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials>
<AccessKeyId>${key}</AccessKeyId><SecretAccessKey>${secret}</SecretAccessKey><SessionToken>${token}</SessionToken>
<Expiration>${until}</Expiration>
</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`

const identityXml = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:sts::111122223333:assumed-role/deploy/authsock</Arn><UserId>AROA:authsock</UserId><Account>111122223333</Account>
</GetCallerIdentityResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetCallerIdentityResponse>`
