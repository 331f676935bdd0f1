// AWS container credentials, for every SDK: `AWS_CONTAINER_CREDENTIALS_FULL_URI`. The agent's helper for credential_process
// knows how to get them; here they only change their form.

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

/** `args`: of the helper. */
export function awsService({ helper }: Sources, args: readonly string[]): Service {
  const secret = newSecret()
  return {
    variables: (origin) => ({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${origin}${path}`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: secret,
    }),
    answer: async (asked) => {
      checkSecret(asked.headers.authorization, secret)
      if (asked.method !== 'GET' || asked.path !== path) throw notFound(asked)
      const credentials = JSON.parse(await helper('aws', args)) as ProcessCredentials
      const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = credentials
      return { status: 200, body: { AccessKeyId, SecretAccessKey, Token: SessionToken, Expiration } }
    },
    // The SDK for JavaScript reads the names with capitals, all others the small ones.
    fail: (failure) => {
      const [code, message] = [failure.code, textOf(failure)]
      return { status: failure.status, body: { code, message, Code: code, Message: message } }
    },
  }
}
