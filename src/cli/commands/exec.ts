// `authsock exec [PROFILE] ... -- COMMAND ARGS...`: tokens and secrets in the environment of one command. What is missing is
// reported before the command starts.

import type { Command } from 'commander'
import type { TokenAnswer } from '../../client/index.ts'
import { Failure } from '../../core/failures.ts'
import { defined } from '../../core/util/defined.ts'
import { helperCaller } from '../../twin/helper-client.ts'
import { withApproval } from '../approval-prompts.ts'
import { collectValues } from '../arguments.ts'
import type { Context } from '../context.ts'
import { conflictingCredentials, credentialVariables } from '../exec/environment.ts'
import { runChild } from '../exec/child.ts'
import type { MakeLeaf } from '../leaf.ts'
import { environmentProfile } from '../profiles.ts'
import { withVault } from '../vault-prompts.ts'
import { noProxyVariables, type ServiceName, startServices } from '../serve/services.ts'
import { refuseRoleOptions, type RoleOptions, type TargetOptions, withRoleOptions, withTargetOptions } from '../token-options.ts'

interface ExecOptions extends TargetOptions, RoleOptions {
  readonly env?: readonly string[]
  readonly secret?: readonly string[]
  readonly aws?: boolean
  readonly azure?: boolean
  readonly google?: boolean
}

type Variables = Readonly<Record<string, string>>

export function register(root: Command, leaf: MakeLeaf): void {
  const command = leaf(root, 'exec [profile]', 'run a command with credentials in its environment', exec)
    .usage('[profile] [options] -- COMMAND [ARGS...]')
    // Without `--` the words of the command arrive as arguments: the action has a better message for that.
    .allowExcessArguments(true)
    .option('--env <name>', 'set this variable to the token; may be repeated (default: AUTHSOCK_ACCESS_TOKEN)', collectValues)
    .option('--secret <name=secret>', 'set a variable to a static secret; may be repeated', collectValues)
    .option('--aws', 'serve AWS credentials of a role, renewed while the command runs')
    .option('--azure', 'serve Azure tokens as a managed identity, also for azd')
    .option('--google', 'serve Google tokens as a metadata server')
  withRoleOptions(withTargetOptions(command)).addHelpText(
    'after',
    `
Examples:
  authsock exec work -- ./deploy.sh                           sets AUTHSOCK_ACCESS_TOKEN
  authsock exec work --env NPM_TOKEN -- npm publish
  authsock exec --secret OPENAI_API_KEY=openai -- ./chat
  authsock exec work --aws --role-arn arn:aws:iam::111122223333:role/deploy -- terraform apply

A token in a variable is valid until it expires; --aws, --azure and --google renew theirs. Signals are passed on to the
command. The exit code is that of the command; 127: command not found, 126: it cannot be executed.

Google's metadata protocol has no secret: on Linux only programs of this user are served, elsewhere every program of
this machine while the command runs. gcloud caches for ten minutes whether there is a metadata server: delete the file
'gce' in its configuration folder if it does not find this one.`,
  )
}

async function exec(context: Context, named: string | undefined, options: ExecOptions): Promise<void> {
  const profile = named ?? environmentProfile(context.env)
  const [name, ...args] = context.command
  if (name === undefined || name === '') {
    throw new Failure('bad_request', 'exec needs a command', { hint: '`authsock exec PROFILE -- COMMAND ARGS...`' })
  }
  const { env: tokenNames, secret: secretTexts = [], aws, azure, google } = options
  for (const each of tokenNames ?? []) checkVariableName(each)
  const secrets = secretTexts.map(parseSecret)
  if (aws !== true) refuseRoleOptions(options, 'with --aws')
  const services = [
    ...(aws === true ? (['aws'] as const) : []),
    ...(azure === true ? (['azure', 'azd'] as const) : []),
    ...(google === true ? (['google'] as const) : []),
  ] satisfies readonly ServiceName[]
  const conflict = conflictingCredentials(services, context.env)
  if (conflict !== undefined) throw conflict

  const needsToken = tokenNames !== undefined || (services.length === 0 && secrets.length === 0)
  const token = needsToken ? tokenVariables(await getToken(context, profile, options), tokenNames) : {}
  const secretVariables = secrets.length === 0 ? {} : await getSecrets(context, secrets)
  const started = services.length === 0 ? undefined : await startServices(context, services, profile, options)
  try {
    const inherited = { ...context.env }
    for (const service of services) for (const each of credentialVariables[service]) delete inherited[each]
    const serviceVariables = started === undefined ? {} : { ...started.variables, ...noProxyVariables(context.env) }
    const env = { ...inherited, ...serviceVariables, ...token, ...secretVariables }
    context.exitCode = await runChild(name, args, env, context)
  } finally {
    started?.close()
  }
}

async function getToken(context: Context, profile: string | undefined, options: TargetOptions): Promise<TokenAnswer> {
  const { scope, resource, audience } = options
  const agent = await context.agent()
  const request = defined({ profile, scope, resource, audience })
  return withVault(context, agent, () => withApproval(context, agent, () => agent.token(request)))
}

const tokenVariables = ({ access_token: token, profile }: TokenAnswer, names: readonly string[] | undefined): Variables =>
  names === undefined
    ? { AUTHSOCK_ACCESS_TOKEN: token, AUTHSOCK_PROFILE: profile }
    : Object.fromEntries(names.map((name) => [name, token]))

interface SecretVariable {
  readonly variable: string
  readonly secret: string
}

async function getSecrets(context: Context, secrets: readonly SecretVariable[]): Promise<Variables> {
  const agent = await context.agent()
  const caller = helperCaller(context.env)
  try {
    const found: [string, string][] = []
    for (const { variable, secret } of secrets) {
      const value = (await withApproval(context, agent, () => caller.call('password', [secret]))).replace(/\n$/, '')
      // Checked here: Node's own error message holds the value.
      if (value.includes('\0'))
        throw new Failure('bad_request', `the secret '${secret}' contains a NUL byte, which no variable can hold`, {
          hint: `\`authsock password ${secret}\` prints it`,
        })
      found.push([variable, value])
    }
    return Object.fromEntries(found)
  } finally {
    caller.close()
  }
}

/** `NAME=SECRET`. */
function parseSecret(text: string): SecretVariable {
  const mark = text.indexOf('=')
  const [variable, secret] = [text.slice(0, mark), text.slice(mark + 1)]
  if (mark < 1 || secret === '') {
    throw new Failure('bad_request', `--secret is '${text}', not NAME=SECRET`, {
      hint: 'NAME is a variable, SECRET the name of a static secret: `authsock secret list`',
    })
  }
  checkVariableName(variable)
  return { variable, secret }
}

function checkVariableName(name: string): void {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return
  throw new Failure('bad_request', `'${name}' is not a valid variable name`, { hint: 'use letters, digits and _' })
}
