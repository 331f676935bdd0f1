// Options that say which token is meant, shared by the commands that get one.

import type { Command } from 'commander'
import { Failure } from '../core/failures.ts'
import { collectList } from './arguments.ts'

export interface TargetOptions {
  readonly scope?: readonly string[]
  readonly resource?: string
  readonly audience?: string
}

export const withTargetOptions = (command: Command): Command =>
  command
    .option('--scope <scopes>', 'only these scopes (default: all that the session has)', collectList)
    .option('--resource <uri>', 'for this resource (RFC 8707)')
    .option('--audience <audience>', 'for this audience')

export interface RoleOptions {
  readonly roleArn?: string
  readonly sessionName?: string
  readonly duration?: string
  readonly region?: string
  readonly idToken?: boolean
}

export const withRoleOptions = (command: Command): Command =>
  command
    .option('--role-arn <arn>', 'AWS: assume this role with the token')
    .option('--session-name <name>', 'AWS: the role session name, as CloudTrail shows it (default: authsock)')
    .option('--duration <seconds>', 'AWS: lifetime of the credentials')
    .option('--region <region>', 'AWS: the region whose STS is used')
    .option('--id-token', 'AWS: use the ID token, not the access token')

/** Throws bad_request if an option of AWS is given for something else. */
export function refuseRoleOptions(options: RoleOptions, where: string): void {
  const { roleArn, sessionName, duration, region, idToken } = options
  if ([roleArn, sessionName, duration, region, idToken].every((value) => value === undefined)) return
  throw new Failure('bad_request', `role options are only valid ${where}`, {
    hint: 'leave out --role-arn, --session-name, --duration, --region and --id-token',
  })
}
