// AWS credential_process: `[NAME] --role-arn ARN [--session-name S] [--duration N] [--region R] [--id-token]`. The token of a profile
// is exchanged at STS for the credentials of a role. A static secret is used as a key pair; its user name is the access key id.

import type { AwsCredentials, AwsRole } from '../core/credentials/cloud-role.ts'
import { Failure } from '../core/failures.ts'
import { defined } from '../core/util/defined.ts'
import { jsonLine, type Options, options, rfc3339 } from './format.ts'
import type { Helper, HelperPorts, HelperRequest } from './ports.ts'

export const aws: Helper = {
  async run({ args, env }, ports) {
    const given = options(args, {
      'role-arn': 'value',
      'session-name': 'value',
      duration: 'value',
      region: 'value',
      'id-token': 'flag',
    })
    const { accessKeyId, secretAccessKey, sessionToken, expiresAt } = await credentials(given, env, ports)
    return {
      stdout: jsonLine({
        Version: 1,
        AccessKeyId: accessKeyId,
        SecretAccessKey: secretAccessKey.reveal(),
        SessionToken: sessionToken?.reveal(),
        Expiration: rfc3339(expiresAt),
      }),
    }
  },
}

async function credentials(given: Options, env: HelperRequest['env'], ports: HelperPorts): Promise<AwsCredentials> {
  const role = roleOf(given, env)
  if (role !== undefined) return ports.assumeRole(given.name, role, given.flags.has('id-token') ? 'id_token' : 'access_token')
  const { from, username, value, expiresAt } = await ports.named(given.name)
  if (from.kind === 'secret' && username !== undefined) {
    return defined({ accessKeyId: username, secretAccessKey: value, expiresAt })
  }
  throw from.kind === 'secret'
    ? new Failure('bad_request', `the secret '${from.secret}' has no user name to use as the access key id`, {
        hint: `add one: \`authsock secret add ${from.secret} --username AKIA...\``,
      })
    : new Failure('bad_request', 'a profile needs a role to exchange its token for', {
        hint: 'add --role-arn arn:aws:iam::ACCOUNT:role/NAME',
      })
}

function roleOf({ values }: Options, env: HelperRequest['env']): AwsRole | undefined {
  const {
    'role-arn': roleArn,
    'session-name': sessionName,
    duration,
    region = env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'],
  } = values
  if (roleArn === undefined) return undefined
  const seconds = duration === undefined ? undefined : Number(duration)
  if (seconds !== undefined && !(seconds >= 900 && seconds <= 43_200)) {
    throw new Failure('bad_request', `--duration must be 900 to 43200 seconds, not '${duration}'`)
  }
  // The region becomes part of the STS host name.
  if (region !== undefined && !/^[a-z0-9-]*$/.test(region))
    throw new Failure('bad_request', `'${region}' is not a valid region name`)
  const endpoint = env['AWS_ENDPOINT_URL_STS'] ?? env['AWS_ENDPOINT_URL']
  return defined({
    roleArn,
    sessionName,
    duration: seconds,
    region: region === '' ? undefined : region,
    endpoint: endpoint === '' ? undefined : endpoint,
  })
}
