// The commands about other people's tools: routes, static secrets, setting tools up.

import type { Command } from 'commander'
import type { MakeLeaf } from './main.ts'
import { collect } from './profile-options.ts'

export function addToolCommands(root: Command, leaf: MakeLeaf): void {
  const route = root.command('route').description('which credential a URL gets').exitOverride()
  leaf(
    route,
    'add <url>',
    'use a profile, or a static secret, for a URL and what lies below it',
    async () => (await import('./commands/route.ts')).routeAdd,
  )
    .option('--profile <name>', 'whose access tokens (default: the default profile)')
    .option('--secret <name>', 'in place of a profile: a static secret')
    .option('--username <name>', 'what tools are told as the user name, and the only one they may ask for')
    .option('--scope <scopes>', 'fewer scopes than the profile has', collect)
    .option('--resource <uri>', 'tokens for this resource (RFC 8707)')
    .option('--audience <audience>', 'tokens for this audience')
    .addHelpText(
      'after',
      `
Examples:
  authsock route add https://git.example.com --profile work
  authsock route add https://git.example.com/personal --profile home
  authsock route add '*.pkg.example.com' --profile work --scope packages:read

The route that says most about a URL counts, whatever their order: the host first, then the path, then the user
name. git names a path only with credential.useHttpPath, which \`authsock setup git\` sets where a route needs it.`,
    )
  leaf(route, 'list', 'list the routes', async () => (await import('./commands/route.ts')).routeList)
  leaf(
    route,
    'test <url>',
    'what a tool that asks for this URL gets, and why',
    async () => (await import('./commands/route.ts')).routeTest,
  ).option('--username <name>', 'asked for by the tool')
  leaf(route, 'remove <url>', 'remove a route', async () => (await import('./commands/route.ts')).routeRemove).option(
    '--username <name>',
    'of the route',
  )

  const secret = root.command('secret').description('passwords, personal access tokens and API keys').exitOverride()
  leaf(secret, 'add <name>', 'keep one in the vault, or replace it', async () => (await import('./commands/secret.ts')).secretAdd)
    .option('--url <url>', 'where tools use it')
    .option('--username <name>', 'the user name that goes with it; of an AWS key, its access key id')
    .option('--expires <when>', 'a date (2027-01-31) or a span (90d, 12w, 1y): you are told before it ends')
    .option('--stdin', 'read it from stdin')
    .option('--file <path>', 'read it from a file')
    .addHelpText(
      'after',
      `
Examples:
  authsock secret add github --url https://github.com --username ada --expires 90d
  authsock secret add anthropic --file key.txt
  authsock secret add aws-prod --username AKIAIOSFODNN7EXAMPLE

A URL in place of the name makes one. It is asked for without being shown, and no list shows it; tools get it by
their URL, by a route (--secret), or with \`authsock password NAME\`.`,
    )
  leaf(
    root,
    'setup [tool] [targets...]',
    'have git, docker and others ask authsock',
    async () => (await import('./setup/setup.ts')).setup,
  )
    .option('--profile <name>', 'for tools that name one themselves')
    .option('--role-arn <arn>', 'aws: the role that tokens are exchanged for')
    .option('--region <region>', 'aws: of that profile')
    .option('--id-token', 'kubectl, aws: with the ID token in place of the access token')
    .option('--print', 'only show what would be changed')
    .option('--undo', 'take back what was changed')
    .option('--yes', 'change it without asking')
    .addHelpText(
      'after',
      `
Examples:
  authsock setup                                  which tools there are
  authsock setup git                              for every host
  authsock setup git https://git.example.com      for this one
  authsock setup kubectl --profile work
  authsock setup docker --undo`,
    )

  leaf(secret, 'list', 'list them, without what they hold', async () => (await import('./commands/secret.ts')).secretList)
  leaf(secret, 'remove <name>', 'forget one', async () => (await import('./commands/secret.ts')).secretRemove)
  leaf(
    root,
    'password <secret>',
    'print a static secret, or what tools get for a URL',
    async () => (await import('./commands/secret.ts')).password,
  ).addHelpText('after', '\nExamples:\n  authsock password github\n  authsock password https://github.com/acme/x')
}
