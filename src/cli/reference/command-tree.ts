// The whole command line as data, read from the same declarations as `authsock help`: for man pages and completions.

import type { Argument, Command, Option } from 'commander'

interface ArgumentInfo {
  readonly name: string
  readonly isRequired: boolean
  readonly isVariadic: boolean
}

export interface OptionInfo {
  /** `-V, --version`, `--ttl <span>`. */
  readonly flags: string
  /** `--ttl`, and the short form if there is one. */
  readonly names: readonly string[]
  readonly description: string
  /** The name of its value; undefined if it takes none. */
  readonly value: string | undefined
  /** The value may be left out. */
  readonly isValueOptional: boolean
  /** What the value may be, if that is a fixed list. */
  readonly choices: readonly string[]
}

export interface CommandInfo {
  /** The words behind `authsock`: `share create`; empty for the program itself. */
  readonly path: string
  readonly name: string
  readonly description: string
  /** The heading in `authsock help`. */
  readonly group: string
  readonly arguments: readonly ArgumentInfo[]
  readonly options: readonly OptionInfo[]
  readonly commands: readonly CommandInfo[]
  /** What its help says behind the options: examples, limits. */
  readonly notes: string
}

/** `root`: with all its commands. */
export const commandTree = (root: Command): CommandInfo => commandInfo(root, '')

function commandInfo(command: Command, path: string): CommandInfo {
  const below = (each: Command): CommandInfo => commandInfo(each, path === '' ? each.name() : `${path} ${each.name()}`)
  return {
    path,
    name: command.name(),
    description: command.description(),
    group: command.helpGroup(),
    arguments: command.registeredArguments.map(argumentInfo),
    options: command.createHelp().visibleOptions(command).map(optionInfo),
    commands: command.commands.map(below),
    notes: notesOf(command),
  }
}

const argumentInfo = (argument: Argument): ArgumentInfo => ({
  name: argument.name(),
  isRequired: argument.required,
  isVariadic: argument.variadic,
})

function optionInfo(option: Option): OptionInfo {
  const { choices } = (option.parseArg ?? {}) as { readonly choices?: readonly string[] }
  return {
    flags: option.flags,
    names: [option.long, option.short].filter((name) => name !== undefined && name !== null),
    description: option.description,
    value: /[<[]([^>\]]+)[>\]]$/.exec(option.flags)?.[1],
    isValueOptional: option.optional,
    choices: choices ?? [],
  }
}

/** `addHelpText('after', ...)`: commander keeps it as a listener that writes. */
function notesOf(command: Command): string {
  let text = ''
  const listeners = command as unknown as { emit(event: string, context: object): boolean }
  listeners.emit('afterHelp', { error: false, command, write: (part: string) => void (text += part) })
  return text.trim()
}
