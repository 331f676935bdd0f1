// `authsock setup TOOL`: shows what it would change in the tool's configuration, asks, changes it, and can undo it.

import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { Failure } from '../../core/failures.ts'
import type { Context } from '../context.ts'
import type { MakeLeaf } from '../leaf.ts'
import { ask } from '../prompts.ts'
import { apply, changeLines, undoLines } from '../setup/change.ts'
import type { SetupOptions, Tool } from '../setup/context.ts'
import { programsFolder } from '../setup/programs.ts'
import { Records } from '../setup/records.ts'
import { suggestTool, tools } from '../setup/tools.ts'
import { undoTool } from '../setup/undo.ts'
import { cell, tableLines } from '../table.ts'

interface SetupFlags extends SetupOptions {
  readonly print?: boolean
  readonly undo?: boolean
  readonly yes?: boolean
}

export function register(root: Command, leaf: MakeLeaf): void {
  leaf(root, 'setup [tool] [targets...]', 'configure git, docker and other tools to use authsock', setup)
    .option('--profile <name>', 'profile, for tools that name one in their configuration')
    .option('--role-arn <arn>', 'aws: the role to assume')
    .option('--region <region>', 'aws: region of the new profile')
    .option('--id-token', 'kubectl, aws: use the ID token, not the access token')
    .option('--print', 'only show the changes')
    .option('--undo', 'undo the changes')
    .option('--yes', 'do not ask')
    .addHelpText(
      'after',
      `
Examples:
  authsock setup                                  list the tools
  authsock setup git                              every host
  authsock setup git https://git.example.com      one host
  authsock setup kubectl --profile work
  authsock setup docker --undo`,
    )
}

async function setup(context: Context, name: string | undefined, targets: readonly string[], flags: SetupFlags): Promise<void> {
  const records = new Records(join(context.paths.stateDirectory, 'setup.json'))
  if (name === undefined && flags.undo === true) {
    const changed = records.tools()
    throw new Failure('bad_request', '--undo needs a tool', {
      hint: changed.length === 0 ? 'no tool is set up' : changed.map((each) => `\`authsock setup ${each} --undo\``).join(', '),
    })
  }
  if (name === undefined) {
    if (context.asJson) context.terminal.json({ tools: tools.map(({ name, about }) => ({ name, about })) })
    else listTools(context)
    return
  }
  const tool = findTool(name)
  if (flags.undo === true) return undoAll(context, tool, records, flags.print === true)
  const { routes, profiles } = await context.config()
  const home = context.env['HOME'] ?? homedir()
  const plan = await tool.plan({
    env: context.env,
    home,
    programs: programsFolder(context.env, home),
    routes,
    profiles: new Set(profiles.keys()),
    targets,
    options: flags,
  })
  const { changes } = plan
  const notes = [...plan.notes, ...(await unknownName(context, flags.profile, profiles))]
  const { terminal } = context
  if (context.asJson) terminal.json({ tool: name, changes, notes })
  else for (const change of changes) show(context, changeLines(change))
  if (changes.length === 0 && !context.asJson) terminal.note(`${name} is set up already`)
  if (flags.print === true && !context.asJson) for (const note of notes) terminal.hint(note)
  if (flags.print === true || changes.length === 0) return
  if (flags.yes !== true && !(await isAgreed(context))) throw new Failure('cancelled', 'cancelled')
  for (const change of changes) records.add(name, apply(change))
  if (context.asJson) return
  terminal.note(`${name} now uses authsock; \`authsock setup ${name} --undo\` undoes this`)
  for (const note of notes) terminal.hint(note)
}

function listTools({ terminal }: Context): void {
  const { style } = terminal
  const rows = tools.map(({ name, about }) => [cell(name, style.bold), cell(about)])
  for (const line of tableLines({ headings: ['tool', 'what is set up'], rows }, terminal.width, style)) terminal.print(line)
}

/** A note about a name that neither a profile nor a secret has (yet). */
async function unknownName(
  context: Context,
  name: string | undefined,
  profiles: ReadonlyMap<string, unknown>,
): Promise<readonly string[]> {
  if (name === undefined || profiles.has(name)) return []
  const secrets = await (await context.agent()).secrets().catch(() => undefined)
  if (secrets === undefined || secrets.some((each) => each.name === name)) return []
  return [`there is no profile and no static secret '${name}' yet: \`authsock profile list\`, \`authsock secret list\``]
}

function findTool(name: string): Tool {
  const tool = tools.find((each) => each.name === name)
  if (tool !== undefined) return tool
  const names = tools.map((each) => each.name)
  const close = suggestTool(name)
  throw new Failure('bad_request', `unknown tool '${name}'`, {
    hint:
      close === undefined
        ? `known tools: ${names.join(', ')}; \`authsock help helpers\` describes how to configure others`
        : `did you mean '${close}'?`,
  })
}

function undoAll(context: Context, { name }: Tool, records: Records, onlyPrint: boolean): void {
  const done = records.of(name)
  if (done.length === 0) {
    if (context.asJson) context.terminal.json({ tool: name, undone: [] })
    else context.terminal.note(`nothing to undo for ${name}`)
    return
  }
  if (onlyPrint) {
    const { terminal } = context
    if (context.asJson) terminal.json({ tool: name, undone: [], would_undo: done.toReversed().map(({ path }) => path) })
    else for (const each of done.toReversed()) show(context, undoLines(each))
    return
  }
  const { paths: undone, problems } = undoTool(records, name)
  if (problems.length > 0) {
    const why = [...problems, `the other changes for ${name} are undone`].join('\n')
    throw new Failure('storage_failed', why, { hint: `then run \`authsock setup ${name} --undo\` again` })
  }
  if (context.asJson) context.terminal.json({ tool: name, undone })
  else context.terminal.note(`the changes for ${name} are undone`)
}

function show(context: Context, lines: readonly string[]): void {
  const { good, bad } = context.terminal.style
  for (const line of lines) context.terminal.print(line.startsWith('+') ? good(line) : line.startsWith('-') ? bad(line) : line)
}

async function isAgreed(context: Context): Promise<boolean> {
  if (!context.terminal.isInteractive) {
    throw new Failure('bad_request', 'cannot ask for confirmation without a terminal', {
      hint: 'add --yes to make the changes, or --print to only see them',
    })
  }
  const answer = await ask('make these changes? [y/N] ').catch(() => '')
  return /^y(es)?$/i.test(answer)
}
