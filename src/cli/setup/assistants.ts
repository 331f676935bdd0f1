// Claude Code and Codex.

import { join } from 'node:path'
import { Failure } from '../../core/failures.ts'
import { fileChange, type Plan, readText } from './change.ts'
import { setJson, setToml } from './edits.ts'
import { profileOf, program, quoted, type Surroundings } from './context.ts'

export function claude(surroundings: Surroundings): Plan {
  const { env, home } = surroundings
  const path = join(env['CLAUDE_CONFIG_DIR'] ?? join(home, '.claude'), 'settings.json')
  const command = program(surroundings, 'authsock-claude')
  const what = surroundings.targets[0] ?? profileOf(surroundings, 'claude')
  return {
    changes: fileChange(path, (text) => setJson(text, ['apiKeyHelper'], `${command} ${what}`, path)),
    notes: [`for an MCP server with a route: "headersHelper": "${command}"`],
  }
}

export async function codex(surroundings: Surroundings): Promise<Plan> {
  const { env, home, targets } = surroundings
  const path = join(env['CODEX_HOME'] ?? join(home, '.codex'), 'config.toml')
  const [provider] = targets
  if (provider === undefined)
    throw new Failure('bad_request', 'for which of its model providers?', {
      hint: '`authsock setup codex PROVIDER --profile NAME`',
    })
  const table = ['model_providers', provider, 'auth']
  const profile = profileOf(surroundings, 'codex')
  const before = readText(path) ?? ''
  const command = await setToml(before, table, 'command', quoted(program(surroundings, 'authsock-client')), path)
  const after = await setToml(command, table, 'args', `["codex", ${quoted(profile)}]`, path)
  return { changes: fileChange(path, () => after), notes: [] }
}
