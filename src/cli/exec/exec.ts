// `authsock exec [PROFILE] ... -- COMMAND ARGS...`: tokens and secrets in the environment of one command, and of nothing else.
// Whatever is missing is found out before it starts.

import { Failure } from '../../core/failures.ts'
import type { TokenAnswer } from '../../client/index.ts'
import { helperCaller } from '../../twin/helper-client.ts'
import type { Context } from '../context.ts'
import { comesFirst, ownCredentials } from './environment.ts'
import { runChild } from './child.ts'
import {
  beyondProxies,
  refuseRole,
  type RoleOptions,
  type ServiceName,
  startServices,
  type TargetOptions,
} from '../serve/serve.ts'

export interface ExecOptions extends TargetOptions, RoleOptions {
  readonly env?: readonly string[]
  readonly secret?: readonly string[]
  readonly aws?: boolean
  readonly azure?: boolean
  readonly google?: boolean
}

type Variables = Readonly<Record<string, string>>

export async function exec(context: Context, profile: string | undefined, options: ExecOptions): Promise<void> {
  const [name, ...args] = context.command
  if (name === undefined || name === '') {
    throw new Failure('bad_request', 'run which command?', { hint: '`authsock exec PROFILE -- COMMAND ARGS...`' })
  }
  const { env: tokenNames, secret: secretTexts = [], aws, azure, google } = options
  for (const each of tokenNames ?? []) checkName(each)
  const secrets = secretTexts.map(secretOf)
  if (aws !== true) refuseRole(options, 'with --aws')
  const services = [
    ...(aws === true ? (['aws'] as const) : []),
    ...(azure === true ? (['azure', 'azd'] as const) : []),
    ...(google === true ? (['google'] as const) : []),
  ] satisfies readonly ServiceName[]
  const first = comesFirst(services, context.env)
  if (first !== undefined) throw first

  const wantsToken = tokenNames !== undefined || (services.length === 0 && secrets.length === 0)
  const token = wantsToken ? tokenVariables(await tokenOf(context, profile, options), tokenNames) : {}
  const kept = secrets.length === 0 ? {} : await secretVariables(context, secrets)
  const started = services.length === 0 ? undefined : await startServices(context, services, profile, options)
  try {
    const inherited = { ...context.env }
    for (const service of services) for (const each of ownCredentials[service]) delete inherited[each]
    const listeners = started === undefined ? {} : { ...started.variables, ...beyondProxies(context.env) }
    const env = { ...inherited, ...listeners, ...token, ...kept }
    context.exitCode = await runChild(name, args, env, context)
  } finally {
    started?.close()
  }
}

async function tokenOf(context: Context, profile: string | undefined, options: TargetOptions): Promise<TokenAnswer> {
  const { scope, resource, audience } = options
  const agent = await context.agent()
  return agent.token({
    ...(profile === undefined ? {} : { profile }),
    ...(scope === undefined ? {} : { scope }),
    ...(resource === undefined ? {} : { resource }),
    ...(audience === undefined ? {} : { audience }),
  })
}

const tokenVariables = ({ access_token: token, profile }: TokenAnswer, names: readonly string[] | undefined): Variables =>
  names === undefined
    ? { AUTHSOCK_ACCESS_TOKEN: token, AUTHSOCK_PROFILE: profile }
    : Object.fromEntries(names.map((name) => [name, token]))

interface Wanted {
  readonly variable: string
  readonly secret: string
}

async function secretVariables({ env }: Context, wanted: readonly Wanted[]): Promise<Variables> {
  const caller = helperCaller(env)
  try {
    const found: [string, string][] = []
    for (const { variable, secret } of wanted) {
      const value = (await caller.call('password', [secret])).replace(/\n$/, '')
      // Said here, since Node says the value with it.
      if (value.includes('\0')) throw new Failure('bad_request', `the secret '${secret}' holds what no variable can`)
      found.push([variable, value])
    }
    return Object.fromEntries(found)
  } finally {
    caller.close()
  }
}

function secretOf(text: string): Wanted {
  const mark = text.indexOf('=')
  const [variable, secret] = [text.slice(0, mark), text.slice(mark + 1)]
  if (mark < 1 || secret === '') {
    throw new Failure('bad_request', '--secret takes NAME=SECRET: a variable, and the name of a secret', {
      hint: '`authsock secret list` shows the names',
    })
  }
  checkName(variable)
  return { variable, secret }
}

function checkName(name: string): void {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return
  throw new Failure('bad_request', `'${name}' is not the name of a variable`, { hint: 'letters, digits and _' })
}
