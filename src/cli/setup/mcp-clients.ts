// MCP clients: the entry for a remote server, which the client is to reach through `authsock mcp URL`. A row for each client whose file is
// JSON or TOML.

import { join } from 'node:path'
import { Failure } from '../../core/failures.ts'
import { fileChange, type Plan, readText } from './change.ts'
import { type SetupContext, type Tool } from './context.ts'
import { setJson, setToml } from './edits.ts'

type Folders = Pick<SetupContext, 'env' | 'home'>

interface JsonClient {
  readonly name: string
  readonly title: string
  readonly file: (folders: Folders, platform: NodeJS.Platform) => string
  /** Of the table of servers. */
  readonly keys: readonly string[]
  readonly entry: (command: string, args: readonly string[]) => object
}

const stdio = (command: string, args: readonly string[]): object => ({ command, args })

/** Where programs of the desktop keep their settings. */
function settings({ env, home }: Folders, platform: NodeJS.Platform): string {
  if (platform === 'darwin') return join(home, 'Library', 'Application Support')
  if (platform === 'win32') return env['APPDATA'] ?? join(home, 'AppData', 'Roaming')
  return env['XDG_CONFIG_HOME'] ?? join(home, '.config')
}

const jsonClients: readonly JsonClient[] = [
  { name: 'cursor', title: 'Cursor', file: ({ home }) => join(home, '.cursor', 'mcp.json'), keys: ['mcpServers'], entry: stdio },
  {
    name: 'vscode',
    title: 'Visual Studio Code',
    file: (folders, platform) => join(settings(folders, platform), 'Code', 'User', 'mcp.json'),
    keys: ['servers'],
    entry: (command, args) => ({ type: 'stdio', command, args }),
  },
  {
    name: 'gemini',
    title: 'Gemini CLI',
    file: ({ home }) => join(home, '.gemini', 'settings.json'),
    keys: ['mcpServers'],
    entry: stdio,
  },
  {
    name: 'windsurf',
    title: 'Windsurf',
    file: ({ home }) => join(home, '.codeium', 'windsurf', 'mcp_config.json'),
    keys: ['mcpServers'],
    entry: stdio,
  },
  {
    name: 'claude-desktop',
    title: 'Claude Desktop',
    file: (folders, platform) => join(settings(folders, platform), 'Claude', 'claude_desktop_config.json'),
    keys: ['mcpServers'],
    entry: stdio,
  },
  {
    name: 'opencode',
    title: 'opencode',
    file: ({ env, home }) => join(env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'opencode', 'opencode.json'),
    keys: ['mcp'],
    entry: (command, args) => ({ type: 'local', command: [command, ...args] }),
  },
]

export const mcpTools: readonly Tool[] = jsonClients.map((client) => ({
  name: client.name,
  about: `${client.title}: the MCP server at a URL`,
  plan: (context) => planFor(context, client),
}))

/** The one MCP server that was typed. */
export const mcpTarget = ({ targets }: SetupContext): string | undefined => targets.find((target) => target.includes('://'))

function planFor(context: SetupContext, { name, file, keys, entry }: JsonClient): Plan {
  const url = requiredTarget(context, name)
  const path = file(context, process.platform)
  return {
    changes: fileChange(path, (text) => setJson(text, [...keys, serverName(context, url)], entry(...command(url)), path)),
    notes: [],
  }
}

/** `~/.claude.json`, where `claude mcp add --scope user` writes. */
export function claudeMcp(context: SetupContext, url: string): Plan {
  const { env, home } = context
  const folder = env['CLAUDE_CONFIG_DIR']
  const path = folder === undefined ? join(home, '.claude.json') : join(folder, '.claude.json')
  const [program, args] = command(url)
  const entry = { type: 'stdio', command: program, args }
  return { changes: fileChange(path, (text) => setJson(text, ['mcpServers', serverName(context, url)], entry, path)), notes: [] }
}

export async function codexMcp(context: SetupContext, url: string): Promise<Plan> {
  const path = join(context.env['CODEX_HOME'] ?? join(context.home, '.codex'), 'config.toml')
  const table = ['mcp_servers', serverName(context, url)]
  const [program, args] = command(url)
  const before = readText(path) ?? ''
  const withCommand = await setToml(before, table, 'command', JSON.stringify(program), path)
  const after = await setToml(withCommand, table, 'args', JSON.stringify(args), path)
  return { changes: fileChange(path, () => after), notes: [] }
}

const command = (url: string): readonly [string, readonly string[]] => ['authsock', ['mcp', url]]

function requiredTarget(context: SetupContext, tool: string): string {
  const url = mcpTarget(context)
  if (url !== undefined && URL.canParse(url)) return url
  throw new Failure('bad_request', `${tool} needs the URL of an MCP server`, {
    hint: `\`authsock setup ${tool} https://HOST/mcp\``,
  })
}

/** The name that was typed beside the URL, else the first label of the host that says something. */
function serverName({ targets }: SetupContext, url: string): string {
  const typed = targets.find((target) => !target.includes('://'))
  if (typed !== undefined) return typed
  const { hostname } = new URL(url)
  return hostname.split('.').find((label) => !['mcp', 'api', 'www'].includes(label)) ?? hostname
}
