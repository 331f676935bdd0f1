// The command line: what commands there are, and how an error ends one.

import { Command, CommanderError } from 'commander'
import { asFailure, exitCodes, Failure } from '../core/failures.ts'
import { grants } from '../core/grant.ts'
import { closest } from '../core/util/closest.ts'
import { version } from '../platform/version.ts'
import { exitCodeOf, type TokenOptions } from './commands.ts'
import { Context } from './context.ts'
import { addExecCommands, splitCommand } from './exec-commands.ts'
import { addGuardCommands } from './guard-commands.ts'
import { overview, topics } from './help.ts'
import type { LoginOptions } from './commands/login.ts'
import { collect, withProfileOptions } from './profile-options.ts'
import { Terminal } from './terminal.ts'
import { addToolCommands } from './tool-commands.ts'

type Action = (context: Context, ...args: never[]) => Promise<void>
/** A leaf: --json, lazily loaded. */
export type MakeLeaf = (parent: Command, signature: string, description: string, run: () => Promise<Action>) => Command

/** Runs one command; the result is the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const terminal = new Terminal()
  const context = new Context(terminal, process.env)
  const { own, command } = splitCommand(args)
  context.command = command
  context.asJson = own.includes('--json')
  try {
    refuseSecretsIn(own)
    await program(context).parseAsync(own, { from: 'user' })
    return context.exitCode
  } catch (error) {
    // commander has said it already: help and version end with 0, wrong usage with 2.
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return exitCodes.ok
      if (context.asJson)
        terminal.failure(new Failure('bad_request', error.message.replace(/^error: /, '').replaceAll('\n', ' ')), true)
      return exitCodes.usage
    }
    terminal.endProgress()
    const failure = asFailure(error)
    if (failure.code !== 'cancelled') terminal.failure(failure, context.asJson)
    return exitCodeOf(failure)
  } finally {
    context.close()
  }
}

/** Every process of the machine can read argv. */
function refuseSecretsIn(args: readonly string[]): void {
  const found = args.find((arg) => /^--(client-secret|passphrase|password|token|refresh-token)(=|$)/.test(arg))
  if (found === undefined) return
  throw new Failure(
    'bad_request',
    `${found.split('=')[0]} is not taken: everybody on this machine can read a command's arguments`,
    {
      hint: 'use a prompt, --client-secret-stdin, --client-secret-file, AUTHSOCK_CLIENT_SECRET or --passphrase-stdin',
    },
  )
}

function program(context: Context): Command {
  const root = new Command('authsock')
    .description('Keeps your OAuth logins, refreshes them once, and hands access tokens to your programs.')
    .version(version, '-V, --version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.terminal.printRaw(text),
      writeErr: (text) => {
        if (!context.asJson) context.terminal.say(text.trimEnd().replace(/^error: /, 'authsock: '))
      },
    })
    .showHelpAfterError('hint: `authsock help` lists the commands')
    .addHelpText('after', '\nMore: authsock help helpers | vault | exit-codes')
    .allowExcessArguments(true)
    .action(() => {
      const [unknown] = root.args
      if (unknown !== undefined) throw unknownCommand(unknown, root)
      context.terminal.print(overview)
    })

  const leaf: MakeLeaf = (parent, signature, description, run) =>
    parent
      .command(signature)
      .description(description)
      .option('--json', 'print JSON')
      .allowExcessArguments(false)
      .exitOverride()
      .action(async (...given: unknown[]) => {
        const action = (await run()) as (context: Context, ...args: unknown[]) => Promise<void>
        await action(context, ...given.slice(0, -1))
      })

  withProfileOptions(
    leaf(root, 'login [what]', 'log in to a profile, or to an issuer for the first time', async () => {
      const { login } = await import('./commands/login.ts')
      return (context: Context, what: string | undefined, options: LoginOptions) => login(context, what, options)
    }),
  )
    .option('--name <profile>', 'what to call the profile (default: the host of the issuer)')
    .option('--device', 'log in with a code, on any device')
    .option('--no-browser', 'do not open a browser here; print the address')
    .option('--wait', 'if a login to it is under way elsewhere, wait for that one')
    .option('--client-secret-stdin', 'read the client secret from stdin')
    .option('--client-secret-file <path>', 'read the client secret from a file')
    .addHelpText(
      'after',
      `
Examples:
  authsock login https://login.example.com --client-id my-cli --scope "openid offline_access api"
  authsock login https://login.example.com --client-id my-cli --name work --device
  authsock login work

Over SSH the address is printed: open it in any browser, and paste the address that it ends on.
Grants: ${grants.join(', ')}. A profile that was made stays when the login fails: try again with \`authsock login NAME\`.`,
    )

  leaf(
    root,
    'logout [profile]',
    'end a session here and at the server',
    async () => (await import('./commands.ts')).logout,
  ).option('--all', 'of every profile')

  leaf(
    root,
    'retry [profile]',
    'try a session again now, without waiting for its next attempt',
    async () => (await import('./commands/retry.ts')).retry,
  )

  leaf(root, 'token [profile]', 'print an access token', async () => {
    const { token } = await import('./commands.ts')
    return (context: Context, profile: string | undefined, options: TokenOptions) => token(context, profile, options)
  })
    .option('--scope <scopes>', 'fewer scopes than the session has', collect)
    .option('--resource <uri>', 'for this resource (RFC 8707)')
    .option('--audience <audience>', 'for this audience')
    .option('--min-ttl <seconds>', 'good for at least so long')
    .option('--header', 'as an Authorization header')
    .addHelpText('after', '\nExample:\n  curl -H "$(authsock token work --header)" https://api.example.com/')

  addExecCommands(root, leaf)

  leaf(root, 'status', 'what you are logged in to', async () => (await import('./commands/status.ts')).status).option(
    '--watch',
    'keep it up to date',
  )
  leaf(root, 'events', 'what happens in the agent, as it happens', async () => (await import('./commands.ts')).events)
  leaf(root, 'doctor', 'look for what is not as it should be', async () => (await import('./commands/doctor.ts')).doctor)
  leaf(root, 'lock', 'forget the master key until it is unlocked', async () => (await import('./commands.ts')).lock)
  leaf(root, 'unlock', 'open the vault', async () => (await import('./commands.ts')).unlock).option(
    '--passphrase-stdin',
    'read the passphrase from stdin',
  )
  leaf(root, 'start', 'start the agent in the background, if none runs', async () => (await import('./commands.ts')).start)
  leaf(root, 'stop', 'stop the agent', async () => (await import('./commands.ts')).stop)
  root.command('agent').description('run the agent in the foreground (`authsock agent --help`)')

  const profile = root.command('profile').description('the profiles in config.toml').exitOverride()
  withProfileOptions(leaf(profile, 'add <name>', 'add a profile', async () => (await import('./commands.ts')).profileAdd))
    .requiredOption('--issuer <url>', 'the authorization server, as it calls itself')
    .option('--client-secret-stdin', 'read the client secret from stdin')
    .option('--client-secret-file <path>', 'read the client secret from a file')
  leaf(profile, 'list', 'list the profiles', async () => (await import('./commands.ts')).profileList)
  leaf(profile, 'show <name>', 'show a profile with its defaults', async () => (await import('./commands.ts')).profileShow)
  leaf(profile, 'remove <name>', 'log out of a profile and remove it', async () => (await import('./commands.ts')).profileRemove)

  addToolCommands(root, leaf)
  addGuardCommands(root, leaf)

  const vault = root.command('vault').description('where logins are stored (`authsock help vault`)').exitOverride()
  leaf(vault, 'status', 'whether it is open, and where its key is kept', async () => (await import('./commands.ts')).vaultStatus)
  leaf(
    vault,
    'master-key <place> [path]',
    'keep the master key somewhere else',
    async () => (await import('./commands.ts')).masterKey,
  ).option('--passphrase-stdin', 'read the new passphrase from stdin')

  root
    .command('help [topic...]')
    .description('explain a command or a topic')
    .exitOverride()
    .action((words: readonly string[]) => {
      const topic = words.join(' ')
      if (Object.hasOwn(topics, topic)) context.terminal.print(topics[topic] ?? '')
      else help(root, words)
    })
  leaf(root, 'version', 'print the version', async () => async (context: Context) => {
    if (context.asJson) context.terminal.json({ version })
    else context.terminal.print(version)
  })
  return root
}

function unknownCommand(word: string, { commands }: Command): Failure {
  const close = closest(
    word,
    commands.map((command) => command.name()),
  )
  return new Failure('bad_request', `there is no command '${word}'`, {
    hint: close === undefined ? '`authsock help` lists the commands' : `did you mean \`authsock ${close}\`?`,
  })
}

function help(root: Command, words: readonly string[]): void {
  let command = root
  for (const word of words) {
    const next = command.commands.find((each) => each.name() === word)
    if (next === undefined) {
      throw new Failure('bad_request', `there is no help on '${words.join(' ')}'`, {
        hint: `topics: ${Object.keys(topics).join(', ')}, and every command`,
      })
    }
    command = next
  }
  command.outputHelp()
}
