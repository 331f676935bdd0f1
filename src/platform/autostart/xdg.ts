// Without systemd: an entry that the desktop starts at login (Desktop Application Autostart Specification).

import { homedir } from 'node:os'
import { join } from 'node:path'
import type { AgentLaunch, Autostart } from './autostart.ts'

export function xdg({ command, env: variables }: AgentLaunch, env: NodeJS.ProcessEnv): Autostart {
  const config = env['XDG_CONFIG_HOME'] ?? join(env['HOME'] ?? homedir(), '.config')
  const settings = Object.entries(variables).map(([name, value]) => `${name}=${value}`)
  const words = settings.length === 0 ? command : ['env', ...settings, ...command]
  const text = `[Desktop Entry]
Type=Application
Name=authsock
Comment=The agent for OAuth logins
Exec=${[...words, '--log', 'quiet'].map(quote).join(' ')}
Terminal=false
NoDisplay=true
`
  return {
    kind: 'xdg',
    name: 'autostart entry of the desktop',
    files: [{ path: join(config, 'autostart', 'authsock.desktop'), text }],
    enable: () => {},
    disable: () => {},
    removed: () => {},
  }
}

/** Desktop Entry Specification: quoting inside of a string value, so backslashes are doubled; % starts a field code. */
function quote(text: string): string {
  const doubled = text.replaceAll('%', '%%')
  if (/^[\w@:,./+=-]+$/.test(text)) return doubled
  return `"${doubled.replaceAll(/["`$\\]/g, '\\$&')}"`.replaceAll('\\', '\\\\')
}
