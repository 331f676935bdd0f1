// `authsock serve WHAT`: a listener on loopback in the foreground. `exec` starts the same ones for one command.

import type { Command } from 'commander'
import { Failure } from '../../core/failures.ts'
import { parseInteger } from '../arguments.ts'
import type { Context } from '../context.ts'
import type { MakeLeaf } from '../leaf.ts'
import { environmentProfile } from '../profiles.ts'
import { noProxyVariables, serviceNames, startServices } from '../serve/services.ts'
import { refuseRoleOptions, type RoleOptions, type TargetOptions, withRoleOptions, withTargetOptions } from '../token-options.ts'

interface ServeOptions extends TargetOptions, RoleOptions {
  readonly port?: string
}

export function register(root: Command, leaf: MakeLeaf): void {
  const command = leaf(root, 'serve <service> [profile]', 'serve tokens on loopback for cloud SDKs', serve).option(
    '--port <port>',
    'listen on this port (default: any free port)',
  )
  withRoleOptions(withTargetOptions(command)).addHelpText(
    'after',
    `
Services:
  aws      container credentials: AWS_CONTAINER_CREDENTIALS_FULL_URI
  azure    managed identity: IDENTITY_ENDPOINT
  azd      external authentication of the Azure Developer CLI: AZD_AUTH_ENDPOINT
  google   metadata server: GCE_METADATA_HOST; its protocol has no secret (see \`authsock exec --help\`)

Examples:
  authsock serve aws work --role-arn arn:aws:iam::111122223333:role/deploy
  authsock serve azure work --port 8500

It prints the variables to set for other programs and runs until Ctrl-C. \`authsock exec\` does both for one command.`,
  )
}

async function serve(context: Context, what: string, named: string | undefined, options: ServeOptions): Promise<void> {
  const profile = named ?? environmentProfile(context.env)
  const name = serviceNames.find((each) => each === what)
  if (name === undefined) {
    throw new Failure('bad_request', `unknown service '${what}'`, { hint: `use one of ${serviceNames.join(', ')}` })
  }
  if (name !== 'aws') refuseRoleOptions(options, 'with aws')
  const port = options.port === undefined ? 0 : parseInteger('--port', options.port, 'a port', { min: 1, max: 65_535 })
  const services = await startServices(context, [name], profile, options, port)
  context.catchInterrupt()
  try {
    const variables = { ...services.variables, ...noProxyVariables(context.env) }
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

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
