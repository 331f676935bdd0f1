// The command line: from arguments to an exit code. Called by src/main.ts.

import { Command, CommanderError } from 'commander'
import { asFailure, exitCodes, Failure } from '../core/failures.ts'
import { version } from '../platform/version.ts'
import { commandNames, type CommandRow, commandTable, ownGroup } from './command-table.ts'
import { Context } from './context.ts'
import { reflow } from './layout.ts'
import { leafMaker } from './leaf.ts'
import { suggestCommand } from './suggestions.ts'
import { Terminal } from './terminal.ts'

/** Runs one command; the result is the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const terminal = new Terminal()
  const context = new Context(terminal, process.env)
  const { own, command } = splitCommand(args)
  context.command = command
  context.asJson = own.includes('--json')
  try {
    refuseSecretArguments(own)
    refuseUnknownCommand(own)
    await (await rootCommand(context, own)).parseAsync(own, { from: 'user' })
    return context.exitCode
  } catch (error) {
    // commander has written its message already: help and version end with 0, wrong usage with 2.
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return exitCodes.ok
      if (context.asJson)
        terminal.failure(new Failure('bad_request', error.message.replace(/^error: /, '').replaceAll('\n', ' ')), true)
      return exitCodes.usage
    }
    terminal.endProgress()
    const failure = asFailure(error)
    if (failure.code !== 'cancelled') terminal.failure(failure, context.asJson)
    return failure.exitCode
  } finally {
    context.close()
  }
}

/** What follows `--` in `exec ... -- COMMAND ARGS...` belongs to COMMAND, options that look like ours included. */
function splitCommand(args: readonly string[]): { readonly own: readonly string[]; readonly command: readonly string[] } {
  const mark = ['exec', 'ssh', 'relay'].includes(args[0] ?? '') ? args.indexOf('--') : -1
  return mark < 0 ? { own: args, command: [] } : { own: args.slice(0, mark), command: args.slice(mark + 1) }
}

/** Every process of the machine can read the arguments of another. */
function refuseSecretArguments(args: readonly string[]): void {
  const found = args.find((arg) => /^--(client-secret|passphrase|password|token|refresh-token)(=|$)/.test(arg))
  if (found === undefined) return
  throw new Failure(
    'bad_request',
    `${found.split('=')[0]} is not accepted: every user of this machine can read a command's arguments`,
    {
      hint: 'use a prompt, --client-secret-stdin, --client-secret-file, AUTHSOCK_CLIENT_SECRET or --passphrase-stdin',
    },
  )
}

/** The root with the command that was typed; with all of them if help is asked for. */
async function rootCommand(context: Context, args: readonly string[]): Promise<Command> {
  const { terminal } = context
  const root = new Command('authsock')
    .description('Keeps your OAuth logins, refreshes them once, and gives access tokens to your programs.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.printRaw(reflow(text, terminal.width)),
      writeErr: (text) => {
        if (!context.asJson) terminal.say(text.trimEnd().replace(/^error: /, 'authsock: '))
      },
    })
    .configureHelp({ helpWidth: Math.min(terminal.width, 100) })
    .showHelpAfterError('hint: `authsock help` lists the commands')
    .addHelpText('after', '\nTopics: authsock help helpers | vault | exit-codes')
    .allowExcessArguments(true)
    .action(async () => {
      terminal.print((await import('./help-topics.ts')).overview)
    })
  const leaf = leafMaker(context)
  for (const { group, load } of rowsFor(args)) {
    const { register } = await load()
    root.commandsGroup(group)
    register(root, leaf)
  }
  root.commandsGroup(ownGroup)
  root
    .command('help [topic...]')
    .description('show help for a command or a topic')
    .option('--json', 'print JSON')
    .exitOverride()
    .action((words: readonly string[]) => showHelp(context, root, words))
  leaf(root, 'version', 'print the version', async () => {
    if (context.asJson) terminal.json({ version })
    else terminal.print(version)
  })
  return root
}

/** By the first word that is no option; `help share create` is about the word behind it. */
function rowsFor(args: readonly string[]): readonly CommandRow[] {
  const words = args.filter((arg) => !arg.startsWith('-'))
  const word = words[0] === 'help' ? words[1] : words[0]
  const isAll = args.includes('--help') || args.includes('-h') || words[0] === 'help'
  if (word === undefined) return isAll ? commandTable : []
  return commandTable.filter(({ names }) => names.includes(word))
}

/** Before commander would complain about an option of a command that does not exist. */
function refuseUnknownCommand([word = '']: readonly string[]): void {
  if (word !== '' && !word.startsWith('-') && !commandNames.includes(word)) throw unknownCommand(word)
}

function unknownCommand(word: string): Failure {
  const close = suggestCommand(word)
  return new Failure('bad_request', `unknown command '${word}'`, {
    hint: close === undefined ? '`authsock help` lists the commands' : `did you mean \`authsock ${close}\`?`,
  })
}

async function showHelp({ terminal, asJson }: Context, root: Command, words: readonly string[]): Promise<void> {
  const { topics } = await import('./help-topics.ts')
  const topic = words.join(' ')
  const text = topics.get(topic)
  if (text !== undefined && asJson) return terminal.json({ topic, text })
  if (text !== undefined) return terminal.print(reflow(text, terminal.width))
  let command = root
  for (const word of words) {
    const next = command.commands.find((each) => each.name() === word)
    if (next === undefined) {
      throw new Failure('bad_request', `no help for '${topic}'`, {
        hint: `\`authsock help\` lists the commands; topics: ${[...topics.keys()].join(', ')}`,
      })
    }
    command = next
  }
  if (asJson) terminal.json(describeCommand(command))
  else command.outputHelp()
}

/** What `authsock help ... --json` prints. */
const describeCommand = (command: Command): object => ({
  name: command.name(),
  description: command.description(),
  usage: command.usage(),
  options: command.options.map(({ flags, description }) => ({ flags, description })),
  commands: command.commands.map((each) => ({ name: each.name(), description: each.description() })),
})
