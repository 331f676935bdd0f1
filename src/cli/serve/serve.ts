// `authsock serve WHAT`: a listener in the foreground. `exec` starts the same ones for one command.

import { Failure } from '../../core/failures.ts'
import { helperCaller } from '../../twin/helper-client.ts'
import { isOwnPort } from '../../client/local.ts'
import type { Context } from '../context.ts'
import { awsService } from './aws.ts'
import { azdService, azureService } from './azure.ts'
import { googleService } from './google.ts'
import { type Listener, listen, type Service } from './server.ts'
import { type Sources, sourcesOf } from './sources.ts'

const serviceNames = ['aws', 'azure', 'azd', 'google'] as const
export type ServiceName = (typeof serviceNames)[number]

export interface TargetOptions {
  readonly scope?: readonly string[]
  readonly resource?: string
  readonly audience?: string
}

export interface RoleOptions {
  readonly roleArn?: string
  readonly sessionName?: string
  readonly duration?: string
  readonly region?: string
  readonly idToken?: boolean
}

export interface ServeOptions extends TargetOptions, RoleOptions {
  readonly port?: string
}

export async function serve(context: Context, what: string, profile: string | undefined, options: ServeOptions): Promise<void> {
  const name = serviceNames.find((each) => each === what)
  if (name === undefined) {
    throw new Failure('bad_request', `'${what}' is not served`, { hint: `one of ${serviceNames.join(', ')}` })
  }
  if (name !== 'aws') refuseRole(options, 'with aws')
  const services = await startServices(context, [name], profile, options, portOf(options.port))
  context.catchInterrupt()
  try {
    const variables = { ...services.variables, ...beyondProxies(context.env) }
    if (context.asJson) context.terminal.json({ service: name, variables })
    else {
      for (const [key, value] of Object.entries(variables)) context.terminal.print(`export ${key}=${value}`)
      context.terminal.note(`serving ${name} until Ctrl-C`)
    }
    await aborted(context.signal)
  } finally {
    services.close()
  }
}

export interface Services {
  readonly variables: Readonly<Record<string, string>>
  close(): void
}

/** Each with a port and a secret of its own; what the first request would fail with is thrown now. */
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
  const sources = sourcesOf(agent, caller, {
    ...(profile === undefined ? {} : { profile }),
    ...(scope === undefined ? {} : { scope }),
    ...(resource === undefined ? {} : { resource }),
    ...(audience === undefined ? {} : { audience }),
  })
  const listeners: Listener[] = []
  const close = (): void => {
    for (const listener of listeners) listener.close()
    caller.close()
  }
  try {
    for (const name of names) {
      await (name === 'aws' ? sources.helper('aws', roleArgs(sources, options)) : sources.token())
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
      return awsService(sources, roleArgs(sources, options))
    case 'azure':
      return azureService(sources)
    case 'azd':
      return azdService(sources)
    case 'google':
      return googleService(sources, nonEmpty(env['GOOGLE_CLOUD_PROJECT']) ?? nonEmpty(env['CLOUDSDK_CORE_PROJECT']), isOwnPort)
  }
}

function roleArgs({ profile }: Sources, { roleArn, sessionName, duration, region, idToken }: RoleOptions): readonly string[] {
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

/** Throws bad_request where options of AWS are given and nothing of AWS is asked for. */
export function refuseRole(options: RoleOptions, where: string): void {
  const { roleArn, sessionName, duration, region, idToken } = options
  if ([roleArn, sessionName, duration, region, idToken].every((value) => value === undefined)) return
  throw new Failure('bad_request', `a role's options count ${where} alone`, { hint: 'leave them out' })
}

const proxies = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY']
const isSet = (env: NodeJS.ProcessEnv, name: string): boolean => nonEmpty(env[name]) !== undefined
const nonEmpty = (value: string | undefined): string | undefined => (value === '' ? undefined : value)

/** Where a proxy is set, it would get loopback requests too, with the secret and the answer. */
export function beyondProxies(env: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  if (!proxies.some((name) => isSet(env, name) || isSet(env, name.toLowerCase()))) return {}
  const known = (nonEmpty(env['NO_PROXY']) ?? nonEmpty(env['no_proxy']))?.split(',') ?? []
  const value = [...new Set([...known.map((host) => host.trim()), '127.0.0.1'])].join(',')
  return { NO_PROXY: value, no_proxy: value }
}

function portOf(text: string | undefined): number {
  if (text === undefined) return 0
  const port = Number(text)
  if (/^\d+$/.test(text) && port > 0 && port < 65_536) return port
  throw new Failure('bad_request', `--port is '${text}', not a port`)
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
