// `authsock setup TOOL`: shows what it would change, asks, changes it, and can undo it.

import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { Failure } from '../../core/failures.ts'
import { closest } from '../../core/util/closest.ts'
import { atomicWriteSync } from '../../platform/fs/atomic-write.ts'
import { paths } from '../../client/local.ts'
import type { Context } from '../context.ts'
import { readConfigFile } from '../config-file.ts'
import { apply, changeLines, type Done, undo, undoLines } from './change.ts'
import { programsFolder } from './programs.ts'
import type { SetupOptions, Tool } from './context.ts'
import { tools } from './tools.ts'

export interface SetupFlags extends SetupOptions {
  readonly print?: boolean
  readonly undo?: boolean
  readonly yes?: boolean
}

export async function setup(
  context: Context,
  name: string | undefined,
  targets: readonly string[],
  flags: SetupFlags,
): Promise<void> {
  const records = new Records(join(paths(context.env).stateDirectory, 'setup.json'))
  if (name === undefined && flags.undo === true) {
    const changed = records.tools()
    throw new Failure('bad_request', 'undo what?', {
      hint:
        changed.length === 0 ? 'nothing has been set up' : changed.map((each) => `\`authsock setup ${each} --undo\``).join(', '),
    })
  }
  if (name === undefined) {
    if (context.asJson) context.terminal.json({ tools: tools.map(({ name, about }) => ({ name, about })) })
    else for (const { name, about } of tools) context.terminal.print(`${name.padEnd(10)} ${about}`)
    return
  }
  const tool = findTool(name)
  if (flags.undo === true) return undoAll(context, tool, records, flags.print === true)
  const { routes, profiles } = await readConfigFile(paths(context.env).configFile)
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
  const notes = [...plan.notes, ...(await missing(context, flags.profile, profiles))]
  const { terminal } = context
  if (context.asJson) terminal.json({ tool: name, changes, notes })
  else for (const change of changes) show(context, changeLines(change))
  if (changes.length === 0 && !context.asJson) terminal.note(`${name} is set up already`)
  if (flags.print === true && !context.asJson) for (const note of notes) terminal.hint(note)
  if (flags.print === true || changes.length === 0) return
  if (flags.yes !== true && !(await isAgreed(context))) throw new Failure('cancelled', 'cancelled')
  for (const change of changes) records.add(name, apply(change))
  if (context.asJson) return
  terminal.note(`${name} asks authsock from now on; \`authsock setup ${name} --undo\` takes it back`)
  for (const note of notes) terminal.hint(note)
}

/** Of a name that nothing has, which may be a slip, or come later. */
async function missing(
  context: Context,
  name: string | undefined,
  profiles: ReadonlyMap<string, unknown>,
): Promise<readonly string[]> {
  if (name === undefined || profiles.has(name)) return []
  const secrets = await (await context.agent()).secrets().catch(() => undefined)
  if (secrets === undefined || secrets.some((each) => each.name === name)) return []
  return [`there is no profile and no secret '${name}' yet: \`authsock profile list\`, \`authsock secret list\``]
}

function findTool(name: string): Tool {
  const tool = tools.find((each) => each.name === name)
  if (tool !== undefined) return tool
  const names = tools.map((each) => each.name)
  const close = closest(name, names)
  throw new Failure('bad_request', `there is no tool '${name}' here`, {
    hint:
      close === undefined
        ? `known are ${names.join(', ')}; \`authsock help helpers\` says how to set up others`
        : `did you mean '${close}'?`,
  })
}

function undoAll(context: Context, { name }: Tool, records: Records, isLookOnly: boolean): void {
  const done = records.of(name)
  if (done.length === 0) {
    if (context.asJson) context.terminal.json({ tool: name, undone: [] })
    else context.terminal.note(`authsock has changed nothing for ${name}, or it is undone already`)
    return
  }
  if (isLookOnly) {
    const { terminal } = context
    if (context.asJson) terminal.json({ tool: name, undone: [], would_undo: done.toReversed().map(({ path }) => path) })
    else for (const each of done.toReversed()) show(context, undoLines(each))
    return
  }
  // The last first: each finds what it left.
  const left = done.toReversed().flatMap((each) => {
    const why = undo(each)
    return why === undefined ? [] : [{ each, why }]
  })
  records.replace(name, left.map(({ each }) => each).toReversed())
  if (left.length > 0) {
    const why = [...left.map((each) => each.why), `the rest of ${name} is undone`].join('\n')
    throw new Failure('storage_failed', why, { hint: `when it is out, \`authsock setup ${name} --undo\` once more` })
  }
  const undone = done.map(({ path }) => path)
  if (context.asJson) context.terminal.json({ tool: name, undone })
  else context.terminal.note(`${name} is as it was before`)
}

function show(context: Context, lines: readonly string[]): void {
  const { good, bad } = context.terminal.style
  for (const line of lines) context.terminal.print(line.startsWith('+') ? good(line) : line.startsWith('-') ? bad(line) : line)
}

async function isAgreed(context: Context): Promise<boolean> {
  if (!context.terminal.isInteractive) {
    throw new Failure('bad_request', 'there is no terminal to ask on', {
      hint: 'add --yes to change it, or --print to look only',
    })
  }
  const { read } = await import('read')
  const answer = await read({ prompt: 'change it? [y/N] ', output: process.stderr }).catch(() => '')
  return /^y(es)?$/i.test(answer.trim())
}

/** What was done, by tool. */
class Records {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  tools(): readonly string[] {
    return Object.keys(this.#all())
  }

  of(tool: string): readonly Done[] {
    return this.#all()[tool] ?? []
  }

  add(tool: string, done: Done): void {
    this.replace(tool, [...this.of(tool), done])
  }

  replace(tool: string, done: readonly Done[]): void {
    const { [tool]: _before, ...others } = this.#all()
    const all = done.length === 0 ? others : { ...others, [tool]: done }
    if (Object.keys(all).length === 0) return rmSync(this.#path, { force: true })
    mkdirSync(join(this.#path, '..'), { recursive: true, mode: 0o700 })
    atomicWriteSync(this.#path, JSON.stringify(all, undefined, 2))
  }

  #all(): Readonly<Record<string, readonly Done[]>> {
    try {
      return JSON.parse(readFileSync(this.#path, 'utf8')) as Record<string, readonly Done[]>
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
      throw new Failure('storage_failed', `${this.#path} cannot be read`, {
        hint: 'it says what `authsock setup` has changed; move it away to go on',
      })
    }
  }
}
