// The command line: from arguments to an exit code. Called by src/main.ts.

import { CommanderError } from 'commander'
import { asFailure, exitCodes, Failure } from '../core/failures.ts'
import { commandNames, type CommandRow, commandTable } from './command-table.ts'
import { Context } from './context.ts'
import { rootCommand } from './root-command.ts'
import { suggestCommand } from './suggestions.ts'
import { Terminal } from './terminal.ts'

/** Runs one command; the result is the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const terminal = new Terminal()
  const context = new Context(terminal, process.env, (context) => rootCommand(context, commandTable))
  const { own, command } = splitCommand(args)
  context.command = command
  context.asJson = own.includes('--json')
  try {
    if (args[0] === '__complete') {
      await (await import('./reference/complete-command.ts')).completeWords(context, args.slice(1))
      return exitCodes.ok
    }
    refuseSecretArguments(own)
    refuseUnknownCommand(own)
    await (await rootCommand(context, rowsFor(own))).parseAsync(own, { from: 'user' })
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
