// Claude Code and Codex.

import { join } from 'node:path'
import { Failure } from '../../core/failures.ts'
import { fileChange, type Plan, readText } from './change.ts'
import { setJson, setToml } from './edits.ts'
import { claudeMcp, codexMcp, mcpTarget } from './mcp-clients.ts'
import { profileOf, program, quoted, type SetupContext } from './context.ts'

export function claude(context: SetupContext): Plan {
  const server = mcpTarget(context)
  if (server !== undefined) return claudeMcp(context, server)
  const { env, home } = context
  const path = join(env['CLAUDE_CONFIG_DIR'] ?? join(home, '.claude'), 'settings.json')
  const command = program(context, 'authsock-claude')
  const name = context.targets[0] ?? profileOf(context, 'claude')
  return {
    changes: fileChange(path, (text) => setJson(text, ['apiKeyHelper'], `${command} ${name}`, path)),
    notes: [`for an MCP server that has a route: "headersHelper": "${command}"`],
  }
}

export async function codex(context: SetupContext): Promise<Plan> {
  const server = mcpTarget(context)
  if (server !== undefined) return codexMcp(context, server)
  const { env, home, targets } = context
  const path = join(env['CODEX_HOME'] ?? join(home, '.codex'), 'config.toml')
  const [provider] = targets
  if (provider === undefined)
    throw new Failure('bad_request', 'codex needs the name of a model provider', {
      hint: '`authsock setup codex PROVIDER --profile NAME`',
    })
  const table = ['model_providers', provider, 'auth']
  const profile = profileOf(context, 'codex')
  const before = readText(path) ?? ''
  const command = await setToml(before, table, 'command', quoted(program(context, 'authsock-client')), path)
  const after = await setToml(command, table, 'args', `["codex", ${quoted(profile)}]`, path)
  return { changes: fileChange(path, () => after), notes: [] }
}
