// The commands that hand credentials to programs that know nothing of authsock: `exec` for one of them, `serve` for any.

import type { Command } from 'commander'
import type { ExecOptions } from './exec/exec.ts'
import type { MakeLeaf } from './main.ts'
import { collect } from './profile-options.ts'
import type { ServeOptions } from './serve/serve.ts'

/** What follows `--` in `exec ... -- COMMAND ARGS...` is the command's own, its `--json` and `--token` too. */
export function splitCommand(args: readonly string[]): { readonly own: readonly string[]; readonly command: readonly string[] } {
  const mark = ['exec', 'ssh', 'relay'].includes(args[0] ?? '') ? args.indexOf('--') : -1
  return mark < 0 ? { own: args, command: [] } : { own: args.slice(0, mark), command: args.slice(mark + 1) }
}

/** Kept as it is: no list that spaces or commas part. */
const each = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

const withTarget = (command: Command): Command =>
  command
    .option('--scope <scopes>', 'fewer scopes than the session has', collect)
    .option('--resource <uri>', 'tokens for this resource (RFC 8707)')
    .option('--audience <audience>', 'tokens for this audience')

const withRole = (command: Command): Command =>
  command
    .option('--role-arn <arn>', 'AWS: the role whose credentials the token is exchanged for')
    .option('--session-name <name>', 'AWS: as what it shows in the logs there (default: authsock)')
    .option('--duration <seconds>', 'AWS: how long its credentials are good')
    .option('--region <region>', 'AWS: whose STS is asked')
    .option('--id-token', 'AWS: exchange the ID token, not the access token')

export function addExecCommands(root: Command, leaf: MakeLeaf): void {
  const exec = leaf(root, 'exec [profile]', 'run a command that finds a token in its environment', async () => {
    const { exec } = await import('./exec/exec.ts')
    return (context, profile: string | undefined, options: ExecOptions) => exec(context, profile, options)
  })
    .usage('[profile] [options] -- COMMAND [ARGS...]')
    // Without the `--` there is a better word for it.
    .allowExcessArguments(true)
    .option('--env <name>', 'the token in this variable; may be repeated (default: AUTHSOCK_ACCESS_TOKEN)', each)
    .option('--secret <name=secret>', 'a static secret in this variable; may be repeated', each)
    .option('--aws', "credentials of a role for AWS's SDKs and tools, new ones for as long as it runs")
    .option('--azure', "tokens for Azure's SDKs and azd, as a managed identity gives them")
    .option('--google', "tokens for Google's SDKs and gcloud, as a metadata server gives them")
  withRole(withTarget(exec)).addHelpText(
    'after',
    `
Examples:
  authsock exec work -- ./deploy.sh                           AUTHSOCK_ACCESS_TOKEN is set for it alone
  authsock exec work --env NPM_TOKEN -- npm publish
  authsock exec --secret OPENAI_API_KEY=openai -- ./chat
  authsock exec work --aws --role-arn arn:aws:iam::111122223333:role/deploy -- terraform apply

A token in a variable is good until it expires; what --aws, --azure and --google give is renewed. Signals go to
the command, and its exit code is that of \`authsock exec\`: 127 where there is no such command, 126 where it cannot
be run.

--google needs no secret of its callers, since Google's protocol has none: on Linux it serves this user's
programs alone, elsewhere every program of this machine while the command runs. gcloud remembers for ten minutes
whether it found a metadata server: remove the file gce in its configuration folder where that is in the way.`,
  )

  const serve = leaf(root, 'serve <what> [profile]', 'tokens on loopback for SDKs: aws, azure, azd or google', async () => {
    const { serve } = await import('./serve/serve.ts')
    return (context, what: string, profile: string | undefined, options: ServeOptions) => serve(context, what, profile, options)
  }).option('--port <port>', 'a port of your choice (default: any that is free)')
  withRole(withTarget(serve)).addHelpText(
    'after',
    `
  aws      container credentials: AWS_CONTAINER_CREDENTIALS_FULL_URI
  azure    managed identity: IDENTITY_ENDPOINT
  azd      external authentication of the Azure Developer CLI: AZD_AUTH_ENDPOINT
  google   metadata server: GCE_METADATA_HOST; its protocol has no secret (see \`authsock exec --help\`)

Examples:
  authsock serve aws work --role-arn arn:aws:iam::111122223333:role/deploy
  authsock serve azure work --port 8500

It runs until Ctrl-C and prints the variables for programs that are to use it. \`authsock exec\` does both in one.`,
  )
}
