// Credentials that an SDK would prefer to those of a listener: variables are removed, files are reported, since a command that runs
// with other credentials than requested is worse than one that does not run.

import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { Failure } from '../../core/failures.ts'
import type { ServiceName } from '../serve/services.ts'

export const credentialVariables: Readonly<Record<ServiceName, readonly string[]>> = {
  aws: [
    'AWS_ACCESS_KEY_ID',
    'AWS_SECRET_ACCESS_KEY',
    'AWS_SESSION_TOKEN',
    'AWS_SECURITY_TOKEN',
    'AWS_CREDENTIAL_EXPIRATION',
    'AWS_PROFILE',
    'AWS_DEFAULT_PROFILE',
    'AWS_ROLE_ARN',
    'AWS_WEB_IDENTITY_TOKEN_FILE',
    'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
    'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
  ],
  azure: [
    'AZURE_CLIENT_SECRET',
    'AZURE_CLIENT_CERTIFICATE_PATH',
    'AZURE_USERNAME',
    'AZURE_PASSWORD',
    'AZURE_FEDERATED_TOKEN_FILE',
    'IDENTITY_SERVER_THUMBPRINT',
    'IMDS_ENDPOINT',
    'MSI_ENDPOINT',
    'MSI_SECRET',
  ],
  azd: ['AZD_AUTH_CERT'],
  google: ['GOOGLE_APPLICATION_CREDENTIALS', 'CLOUDSDK_AUTH_ACCESS_TOKEN_FILE', 'NO_GCE_CHECK'],
}

/** Undefined if there are none. */
export function conflictingCredentials(services: readonly ServiceName[], env: NodeJS.ProcessEnv): Failure | undefined {
  if (services.includes('aws')) {
    const found = awsFiles(env).find(hasDefaultCredentials)
    if (found !== undefined) return conflict(found, 'AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_CONFIG_FILE=/dev/null')
  }
  if (services.includes('google')) {
    const path = join(env['CLOUDSDK_CONFIG'] ?? googleFolder(env), 'application_default_credentials.json')
    if (existsSync(path)) return conflict(path, 'CLOUDSDK_CONFIG')
  }
  return undefined
}

function conflict(path: string, variable: string): Failure {
  const hint = variable.includes('=') ? `set ${variable} for this command` : `set ${variable} to another folder for this command`
  return new Failure('bad_request', `SDKs would use the credentials in ${path} instead`, { hint })
}

const home = (env: NodeJS.ProcessEnv): string => env['HOME'] ?? homedir()

function awsFiles(env: NodeJS.ProcessEnv): readonly string[] {
  const folder = join(home(env), '.aws')
  return [env['AWS_SHARED_CREDENTIALS_FILE'] ?? join(folder, 'credentials'), env['AWS_CONFIG_FILE'] ?? join(folder, 'config')]
}

const googleFolder = (env: NodeJS.ProcessEnv): string =>
  process.platform === 'win32' ? join(env['APPDATA'] ?? home(env), 'gcloud') : join(home(env), '.config', 'gcloud')

/** Whether the section `default` of an INI file sets credentials. */
function hasDefaultCredentials(path: string): boolean {
  let isDefault = false
  for (const line of read(path).split(/\r?\n/)) {
    const section = /^\s*\[\s*(.*?)\s*\]/.exec(line)?.[1]
    if (section !== undefined) isDefault = section === 'default' || section === 'profile default'
    else if (
      isDefault &&
      /^(aws_access_key_id|role_arn|credential_process|sso_\w+|login_session|web_identity_token_file)\s*=/.test(line)
    )
      return true
  }
  return false
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
