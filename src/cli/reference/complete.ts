// What Tab offers, for all shells: their scripts (completion-scripts.ts) hand the words over and show what comes back. Names of profiles,
// shares and secrets are live; nothing here starts an agent, asks or fails.

import type { SecretStatus, ShareStatus } from '../../client/index.ts'
import { topics } from '../help-topics.ts'
import { serviceNames } from '../serve/services.ts'
import { tools } from '../setup/tools.ts'
import type { CommandInfo, OptionInfo } from './command-tree.ts'

/** A word that could stand there. */
interface Candidate {
  readonly word: string
  readonly about: string
}

export interface Completion {
  readonly candidates: readonly Candidate[]
  /** What else fits: names of files, a whole command with its arguments, or nothing. */
  readonly also: 'nothing' | 'files' | 'command'
}

/** Names that only the configuration and the agent know. Each resolves to nothing if they cannot be had. */
export interface LiveNames {
  readonly profiles: () => Promise<readonly string[]>
  readonly shares: () => Promise<readonly ShareStatus[]>
  readonly secrets: () => Promise<readonly SecretStatus[]>
  readonly approvals: () => Promise<readonly { readonly id: string; readonly text: string }[]>
}

type Source = (names: LiveNames) => Promise<readonly Candidate[]> | readonly Candidate[]

const words = (all: readonly string[], about = ''): readonly Candidate[] => all.map((word) => ({ word, about }))
const profiles: Source = async (names) => words(await names.profiles(), 'profile')
const shares: Source = async (names) => (await names.shares()).map(({ name }) => ({ word: name, about: 'share' }))
const secrets: Source = async (names) => (await names.secrets()).map(({ name }) => ({ word: name, about: 'static secret' }))
const files = 'files'

/** By `command: argument`, or `argument` for all commands. */
const argumentSources: ReadonlyMap<string, Source | typeof files> = new Map<string, Source | typeof files>([
  ['profile', profiles],
  ['issuer|profile', profiles],
  ['profile set: name', profiles],
  ['profile default: name', profiles],
  ['profile show: name', profiles],
  ['profile remove: name', profiles],
  ['rule test: name', profiles],
  ['share show: name', shares],
  ['share remove: name', shares],
  ['share run-args: name', shares],
  ['share create: name', shares],
  ['share', shares],
  ['secret remove: name', secrets],
  ['secret|url', secrets],
  ['approve: id', async (names) => (await names.approvals()).map(({ id, text }) => ({ word: id, about: text }))],
  ['tool', () => tools.map(({ name, about }) => ({ word: name, about }))],
  ['service', () => words(serviceNames)],
  ['location', () => words(['keychain', 'passphrase', 'key-file', 'insecure-key-file'])],
  ['shell', () => words(['bash', 'zsh', 'fish', 'powershell'])],
  ['path', files],
])

/** By the option's name. */
const valueSources: ReadonlyMap<string, Source | typeof files> = new Map<string, Source | typeof files>([
  ['--profile', profiles],
  ['--share', shares],
  ['--secret', secrets],
  ['--file', files],
  ['--client-secret-file', files],
  ['--ca-file', files],
  ['--executable', files],
  ['--bin-dir', files],
  ['--master-key-file', files],
])

/** `given`: the words behind `authsock`, the one to complete last, as bash splits them or whole. */
export async function complete(root: CommandInfo, given: readonly string[], names: LiveNames): Promise<Completion> {
  const typed = joinEquals(given)
  const last = typed.at(-1) ?? ''
  const before = typed.slice(0, -1)
  const end = before.indexOf('--')
  const { command, args, pending } = walk(root, end < 0 ? before : before.slice(0, end))
  if (end >= 0) return { candidates: [], also: 'command' }
  if (pending !== undefined) return valuesOf(pending, names, last)
  const [, name = '', part] = /^(--[a-z-]+)=(.*)$/.exec(last) ?? []
  const option = command.options.find((each) => each.names.includes(name))
  if (part !== undefined && option !== undefined) {
    const found = await valuesOf(option, names, part)
    // bash has split the word there already.
    if (given.at(-1) !== last) return found
    return { ...found, candidates: found.candidates.map(({ word, about }) => ({ word: `${name}=${word}`, about })) }
  }
  if (last.startsWith('-')) return { candidates: starting(last, optionsOf(command, before)), also: 'nothing' }
  if (command.path === 'help') return { candidates: starting(last, helpWords(root, args)), also: 'nothing' }
  if (command.commands.length > 0) {
    return {
      candidates: starting(
        last,
        command.commands.map(({ name, description }) => ({ word: name, about: description })),
      ),
      also: 'nothing',
    }
  }
  const argument = command.arguments[args.length] ?? command.arguments.findLast(({ isVariadic }) => isVariadic)
  if (argument === undefined) return { candidates: [], also: 'nothing' }
  const source = argumentSources.get(`${command.path}: ${argument.name}`) ?? argumentSources.get(argument.name)
  return fromSource(source, names, last)
}

/** bash splits `--ttl=8h` into three words. */
function joinEquals(given: readonly string[]): readonly string[] {
  const joined: string[] = []
  for (const [index, word] of given.entries()) {
    const isGlue = word === '=' && (given[index - 1] ?? '').startsWith('--')
    const isGlued = given[index - 1] === '=' && (given[index - 2] ?? '').startsWith('--')
    if ((isGlue || isGlued) && joined.length > 0) joined.push(`${joined.pop()}${word}`)
    else joined.push(word)
  }
  return joined
}

interface Position {
  readonly command: CommandInfo
  /** The arguments of the command so far. */
  readonly args: readonly string[]
  /** The option that still needs its value. */
  readonly pending: OptionInfo | undefined
}

function walk(root: CommandInfo, typed: readonly string[]): Position {
  let command = root
  let pending: OptionInfo | undefined
  const args: string[] = []
  for (const word of typed) {
    if (pending !== undefined) pending = undefined
    else if (word.startsWith('-')) {
      const option = command.options.find(({ names }) => names.includes(word))
      pending = option?.value !== undefined && !option.isValueOptional ? option : undefined
    } else {
      const next = args.length === 0 ? command.commands.find(({ name }) => name === word) : undefined
      if (next === undefined) args.push(word)
      else command = next
    }
  }
  return { command, args, pending }
}

async function valuesOf(option: OptionInfo, names: LiveNames, part: string): Promise<Completion> {
  if (option.choices.length > 0) return { candidates: starting(part, words(option.choices)), also: 'nothing' }
  const source = option.names.map((name) => valueSources.get(name)).find((found) => found !== undefined)
  return fromSource(option.value === 'path' ? files : source, names, part)
}

async function fromSource(source: Source | typeof files | undefined, names: LiveNames, part: string): Promise<Completion> {
  if (source === undefined) return { candidates: [], also: 'nothing' }
  if (source === files) return { candidates: [], also: 'files' }
  return { candidates: starting(part, await source(names)), also: 'nothing' }
}

/** Those that were not given yet, except what may be repeated: its description says so. */
const optionsOf = (command: CommandInfo, typed: readonly string[]): readonly Candidate[] =>
  command.options
    .filter(({ names, description }) => /repeated/.test(description) || !names.some((name) => typed.includes(name)))
    .map(({ names, description }) => ({ word: names[0] ?? '', about: description }))

function helpWords(root: CommandInfo, typed: readonly string[]): readonly Candidate[] {
  const at = walk(root, typed).command
  const commands = at.commands.map(({ name, description }) => ({ word: name, about: description }))
  return typed.length === 0 ? [...commands, ...words([...topics.keys()], 'topic')] : commands
}

const starting = (part: string, all: readonly Candidate[]): readonly Candidate[] =>
  all.filter(({ word }) => word.startsWith(part))
