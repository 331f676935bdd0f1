// The man pages, made from the declarations of the commands, the topics of `authsock help`, the table of helpers and the schema of
// config.toml: `authsock install` and the packages put them into place.

import { helpers } from '../../wire/helper-table.ts'
import { overview, topics } from '../help-topics.ts'
import type { CommandInfo, OptionInfo } from './command-tree.ts'
import { configPage } from './man-config.ts'
import { bold, helpText, italic, quoted, roff } from './roff.ts'

export interface ManPage {
  /** `authsock-login.1`. */
  readonly file: string
  /** The folder below man/: 1, 5 or 7. */
  readonly section: number
  readonly text: string
}

const variables: readonly (readonly [name: string, about: string])[] = [
  ['AUTHSOCK', 'the socket of the agent or of a share, or the URL of a share over TCP; default: the agent of this user'],
  ['AUTHSOCK_PROFILE', 'the profile for commands that do not name one'],
  ['AUTHSOCK_CLIENT_SECRET', 'the client secret for `authsock login` and `authsock profile`'],
  ['AUTHSOCK_MASTER_KEY_FILE', 'for the agent: the file of the master key for a new vault'],
  ['AUTHSOCK_SECRET_FILE, AUTHSOCK_SECRET', 'the secret of a share over TCP'],
  ['XDG_CONFIG_HOME, XDG_STATE_HOME, XDG_RUNTIME_DIR', 'where the files below are'],
  ['NO_COLOR', 'no colours'],
]

const files: readonly (readonly [name: string, about: string])[] = [
  ['~/.config/authsock/config.toml', 'profiles, routes, rules and settings: authsock-config(5)'],
  ['~/.local/state/authsock/vault', 'the vault'],
  ['~/.local/state/authsock/audit.log', 'the audit log'],
  ['~/.local/state/authsock/agent.log', 'what an agent in the background has to say'],
  ['$XDG_RUNTIME_DIR/authsock/agent.sock', 'where the agent listens'],
]

/** The names that tools know the thin client by. */
const programNames: readonly string[] = [...new Set(helpers.flatMap(({ programs }) => programs))]

/** `version`: of authsock. */
export function manPages(root: CommandInfo, version: string): readonly ManPage[] {
  const named = root.commands.filter(({ name }) => name !== 'help' && name !== 'version')
  const page = (name: string, section: number, about: string, parts: readonly string[]): ManPage => ({
    file: `${name}.${section}`,
    section,
    text: `${[title(name, section, version), heading('NAME'), `${roff(name)} \\- ${roff(about)}`, ...parts].join('\n')}\n`,
  })
  const config = configPage()
  return [
    page('authsock', 1, 'a per-user agent for OAuth tokens', mainParts(root, named)),
    ...named.map((command) => page(`authsock-${command.name}`, 1, command.description, commandParts(command))),
    page('authsock-config', 5, config.about, [...config.parts, seeAlso(['authsock(1)', 'authsock-profile(1)'])]),
    page('authsock-helpers', 7, 'how tools get credentials from authsock', topicParts('helpers')),
    page('authsock-client', 1, 'carry the call of a tool to the authsock agent', clientParts()),
    ...programNames.filter((name) => !named.some((command) => name === `authsock-${command.name}`)).map(alias),
  ]
}

const title = (name: string, section: number, version: string): string =>
  `.TH ${quoted(name.toUpperCase())} ${section} "" ${quoted(`authsock ${version}`)} "authsock manual"\n.nh\n.ad l`

const heading = (text: string): string => `.SH ${quoted(text)}`

const alias = (name: string): ManPage => ({ file: `${name}.1`, section: 1, text: '.so man1/authsock-client.1\n' })

function mainParts(root: CommandInfo, commands: readonly CommandInfo[]): readonly string[] {
  const groups = Map.groupBy(commands, ({ group }) => group)
  return [
    heading('SYNOPSIS'),
    `${bold('authsock')} ${italic('command')} [${italic('arguments')}]`,
    heading('DESCRIPTION'),
    helpText(overview),
    heading('COMMANDS'),
    ...[...groups].flatMap(([group, members]) => [
      `.SS ${quoted(group.replace(/:$/, ''))}`,
      ...members.map((each) => definition(bold(each.name), `${roff(each.description)}: ${roff(`authsock-${each.name}(1)`)}`)),
    ]),
    heading('OPTIONS'),
    ...root.options.map(optionEntry),
    definition(bold('--json'), 'print JSON (every command); the schema is protocol/cli\\-output.schema.json'),
    heading('ENVIRONMENT'),
    ...variables.map(([name, about]) => definition(bold(name), roff(about))),
    heading('FILES'),
    ...files.map(([name, about]) => definition(italic(name), roff(about))),
    heading('VAULT'),
    helpText(topics.get('vault') ?? ''),
    heading('EXIT STATUS'),
    helpText(topics.get('exit-codes') ?? ''),
    seeAlso(['authsock-login(1)', 'authsock-setup(1)', 'authsock-client(1)', 'authsock-config(5)', 'authsock-helpers(7)']),
  ]
}

function commandParts(command: CommandInfo): readonly string[] {
  const leaves = command.commands.length === 0 ? [command] : command.commands
  const parts = leaves.flatMap((leaf) => [
    ...(leaf === command ? [] : [`.SS ${quoted(`authsock ${leaf.path}`)}`, `${roff(capital(leaf.description))}.`]),
    ...ownOptions(leaf).map(optionEntry),
    ...(leaf.notes === '' || leaf === command ? [] : ['.PP', helpText(leaf.notes)]),
  ])
  return [
    heading('SYNOPSIS'),
    ...leaves
      .map((leaf) => synopsis(leaf))
      .join('\n.br\n')
      .split('\n'),
    heading('DESCRIPTION'),
    `${roff(capital(command.description))}.`,
    ...(parts.length === 0 ? [] : [heading(command.commands.length === 0 ? 'OPTIONS' : 'COMMANDS'), ...parts]),
    ...(command.notes === '' ? [] : [heading('NOTES'), helpText(command.notes)]),
    seeAlso(['authsock(1)', 'authsock-config(5)']),
  ]
}

/** Those that every command has are in authsock(1). */
const ownOptions = ({ options }: CommandInfo): readonly OptionInfo[] =>
  options.filter(({ names, description }) => !names.includes('--help') && description !== 'print JSON')

function synopsis({ path, arguments: all, options }: CommandInfo): string {
  const args = all.map(({ name, isRequired, isVariadic }) => {
    const text = `${italic(name)}${isVariadic ? ' ...' : ''}`
    return isRequired ? text : `[${text}]`
  })
  return [bold(`authsock ${path}`), ...(options.length > 0 ? [`[${italic('options')}]`] : []), ...args].join(' ')
}

const clientParts = (): readonly string[] => [
  heading('SYNOPSIS'),
  `${bold('authsock-client')} ${italic('helper')} [${italic('arguments')}]`,
  heading('DESCRIPTION'),
  roff(
    'Tools start this program, by its own name or by one that they look for, when they need a credential. It knows no tool: it carries the call to the agent, starts an agent if none runs, and gives back what the agent answers.',
  ),
  heading('HELPERS'),
  ...helpers.map(({ name, programs, about }) =>
    definition(bold(name), `${roff(about)}${programs.length === 0 ? '' : ` (${programs.map(bold).join(', ')})`}`),
  ),
  heading('EXIT STATUS'),
  roff('That of authsock(1), unless the protocol of the tool has one of its own.'),
  seeAlso(['authsock(1)', 'authsock-setup(1)', 'authsock-helpers(7)']),
]

const topicParts = (name: string): readonly string[] => [
  heading('DESCRIPTION'),
  helpText(topics.get(name) ?? ''),
  seeAlso(['authsock(1)', 'authsock-setup(1)', 'authsock-client(1)']),
]

function optionEntry({ flags, names, value, isValueOptional, description }: OptionInfo): string {
  const shown = value === undefined ? '' : isValueOptional ? ` [${italic(value)}]` : ` ${italic(value)}`
  const all = flags.startsWith('-h') || flags.startsWith('-V') ? names.toReversed() : names
  return definition(`${all.map(bold).join(', ')}${shown}`, roff(description))
}

const definition = (term: string, text: string): string => `.TP\n${term}\n${text}`

const seeAlso = (pages: readonly string[]): string => `${heading('SEE ALSO')}\n${pages.map(reference).join(',\n')}`

function reference(page: string): string {
  const [, name = '', section = ''] = /^(.*)(\(\d\))$/.exec(page) ?? []
  return `${bold(name)}${section}`
}

const capital = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`
