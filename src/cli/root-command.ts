// The root of the command line, with as many of its commands as are asked for: the one that was typed, or all of them for help, man pages
// and completions.

import { Command } from 'commander'
import { Failure } from '../core/failures.ts'
import { version } from '../platform/version.ts'
import { type CommandRow, ownGroup } from './command-table.ts'
import type { Context } from './context.ts'
import { reflow } from './layout.ts'
import { leafMaker } from './leaf.ts'

/** The root with the commands of these rows, `help` and `version`. */
export async function rootCommand(context: Context, rows: readonly CommandRow[]): Promise<Command> {
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
  for (const { group, load } of rows) {
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
