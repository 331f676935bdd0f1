// How a file of commands/ declares its commands: it exports `register`, which adds them to the root command.

import type { Command } from 'commander'
import type { Context } from './context.ts'

/** Arguments as commander gives them: the positional ones, then the options. */
type Action = (context: Context, ...args: never[]) => Promise<void>

/** Adds a command that does something (with `--json`), as opposed to one that only groups others. */
export type MakeLeaf = (parent: Command, signature: string, description: string, action: Action) => Command

export type Register = (root: Command, leaf: MakeLeaf) => void

export const leafMaker =
  (context: Context): MakeLeaf =>
  (parent, signature, description, action) =>
    parent
      .command(signature)
      .description(description)
      .option('--json', 'print JSON')
      .allowExcessArguments(false)
      .exitOverride()
      .action(async (...given: unknown[]) => {
        await (action as (context: Context, ...args: unknown[]) => Promise<void>)(context, ...given.slice(0, -1))
      })

/** A command that groups others: `authsock NAME ...`. */
export const addGroup = (root: Command, name: string, description: string): Command =>
  root.command(name).description(description).exitOverride()
