// AWS container credentials (`AWS_CONTAINER_CREDENTIALS_FULL_URI`). The agent's helper for credential_process gets them; here they
// only change their form.

import { newSecret } from '../../platform/loopback-secret.ts'
import { checkSecret, notFound, type Service, textOf } from './server.ts'
import type { Sources } from './sources.ts'

const path = '/credentials'

interface ProcessCredentials {
  readonly AccessKeyId: string
  readonly SecretAccessKey: string
  readonly SessionToken?: string
  readonly Expiration?: string
}

/** `args` are those of the helper. */
export function awsService({ helper }: Sources, args: readonly string[]): Service {
  const secret = newSecret()
  return {
    variables: (origin) => ({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${origin}${path}`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: secret,
    }),
    answer: async (request) => {
      checkSecret(request.headers.authorization, secret)
      if (request.method !== 'GET' || request.path !== path) throw notFound(request)
      const credentials = JSON.parse(await helper('aws', args)) as ProcessCredentials
      const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = credentials
      return { status: 200, body: { AccessKeyId, SecretAccessKey, Token: SessionToken, Expiration } }
    },
    // The SDK for JavaScript reads the capitalised names, all others the lower-case ones.
    fail: (failure) => {
      const [code, message] = [failure.code, textOf(failure)]
      return { status: failure.status, body: { code, message, Code: code, Message: message } }
    },
  }
}
