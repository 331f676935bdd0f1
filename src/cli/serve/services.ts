// The listeners of `serve` and `exec`, by name, and the environment of the programs that use them.

import { defined } from '../../core/util/defined.ts'
import { isOwnPort } from '../../platform/process/tcp-peer.ts'
import { helperCaller } from '../../twin/helper-client.ts'
import type { Context } from '../context.ts'
import type { RoleOptions, TargetOptions } from '../token-options.ts'
import { awsService } from './aws.ts'
import { azdService, azureService } from './azure.ts'
import { googleService } from './google.ts'
import { type Listener, listen, type Service } from './server.ts'
import { type Sources, sourcesOf } from './sources.ts'

export const serviceNames = ['aws', 'azure', 'azd', 'google'] as const
export type ServiceName = (typeof serviceNames)[number]

export interface Services {
  readonly variables: Readonly<Record<string, string>>
  close(): void
}

/** Each on its own port with its own secret. An error that the first request would get is thrown now. */
export async function startServices(
  context: Context,
  names: readonly ServiceName[],
  profile: string | undefined,
  options: TargetOptions & RoleOptions,
  port = 0,
): Promise<Services> {
  const { scope, resource, audience } = options
  const agent = await context.agent()
  const caller = helperCaller(context.env)
  const sources = sourcesOf(agent, caller, defined({ profile, scope, resource, audience }))
  const listeners: Listener[] = []
  const close = (): void => {
    for (const listener of listeners) listener.close()
    caller.close()
  }
  try {
    for (const name of names) {
      await (name === 'aws' ? sources.helper('aws', roleArguments(sources, options)) : sources.token())
      listeners.push(await listen(serviceOf(name, sources, context.env, options), port))
    }
  } catch (error) {
    close()
    throw error
  }
  return { variables: Object.assign({}, ...listeners.map((each) => each.variables)) as Record<string, string>, close }
}

function serviceOf(name: ServiceName, sources: Sources, env: NodeJS.ProcessEnv, options: RoleOptions): Service {
  switch (name) {
    case 'aws':
      return awsService(sources, roleArguments(sources, options))
    case 'azure':
      return azureService(sources)
    case 'azd':
      return azdService(sources)
    case 'google':
      return googleService(sources, nonEmpty(env['GOOGLE_CLOUD_PROJECT']) ?? nonEmpty(env['CLOUDSDK_CORE_PROJECT']), isOwnPort)
  }
}

/** Of the helper `aws`. */
function roleArguments(
  { profile }: Sources,
  { roleArn, sessionName, duration, region, idToken }: RoleOptions,
): readonly string[] {
  const option = (name: string, value: string | undefined): readonly string[] => (value === undefined ? [] : [`${name}=${value}`])
  return [
    ...option('--role-arn', roleArn),
    ...option('--session-name', sessionName),
    ...option('--duration', duration),
    ...option('--region', region),
    ...(idToken === true ? ['--id-token'] : []),
    ...profile,
  ]
}

const proxyVariables = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY']
const nonEmpty = (value: string | undefined): string | undefined => (value === '' ? undefined : value)

/** A proxy would receive loopback requests too, with the secret and the answer: excludes 127.0.0.1 if one is set. */
export function noProxyVariables(env: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const isSet = (name: string): boolean => nonEmpty(env[name]) !== undefined
  if (!proxyVariables.some((name) => isSet(name) || isSet(name.toLowerCase()))) return {}
  const hosts = (nonEmpty(env['NO_PROXY']) ?? nonEmpty(env['no_proxy']))?.split(',') ?? []
  const value = [...new Set([...hosts.map((host) => host.trim()), '127.0.0.1'])].join(',')
  return { NO_PROXY: value, no_proxy: value }
}
