// macOS: a LaunchAgent. launchd makes the socket, starts the agent with its first caller and starts it again if it crashes.

import { execFileSync } from 'node:child_process'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { Failure } from '../../core/failures.ts'
import { launchdSocketName } from '../launchd-socket.ts'
import type { AgentLaunch, Autostart } from './autostart.ts'

const label = 'org.authsock.agent'

export function launchd(launch: AgentLaunch, env: NodeJS.ProcessEnv): Autostart {
  const path = join(env['HOME'] ?? homedir(), 'Library', 'LaunchAgents', `${label}.plist`)
  const domain = `gui/${process.getuid?.() ?? ''}`
  const isLoaded = (): boolean => launchctl(['print', `${domain}/${label}`], false)
  return {
    kind: 'launchd',
    name: 'LaunchAgent',
    files: [{ path, text: propertyList(launch) }],
    enable: (changed) => {
      if (isLoaded() && !changed.includes(path)) return
      if (isLoaded()) launchctl(['bootout', `${domain}/${label}`])
      launchctl(['bootstrap', domain, path])
    },
    disable: () => {
      if (isLoaded()) launchctl(['bootout', `${domain}/${label}`])
    },
    removed: () => {},
  }
}

/** launchd.plist(5). SockPathMode is decimal: 384 is 0600. */
function propertyList({ command, env, socket }: AgentLaunch): string {
  const strings = command.map((word) => `    <string>${xml(word)}</string>`)
  const variables = Object.entries(env).map(([name, value]) => `    <key>${xml(name)}</key><string>${xml(value)}</string>`)
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key><string>${label}</string>
  <key>ProgramArguments</key>
  <array>
${strings.join('\n')}
    <string>--log</string>
    <string>quiet</string>
  </array>
  <key>EnvironmentVariables</key>
  <dict>
${variables.join('\n')}
  </dict>
  <key>Sockets</key>
  <dict>
    <key>${launchdSocketName}</key>
    <dict>
      <key>SockPathName</key><string>${xml(socket)}</string>
      <key>SockPathMode</key><integer>384</integer>
    </dict>
  </dict>
  <key>KeepAlive</key>
  <dict><key>Crashed</key><true/></dict>
  <key>ProcessType</key><string>Background</string>
  <key>Umask</key><integer>63</integer>
</dict>
</plist>
`
}

const xml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** Whether it worked. Throws storage_failed if it must. */
function launchctl(args: readonly string[], mustWork = true): boolean {
  try {
    execFileSync('launchctl', args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' })
    return true
  } catch (error) {
    if (!mustWork) return false
    const { stderr = '' } = error as { stderr?: string }
    throw new Failure('storage_failed', `launchctl ${args.join(' ')}: ${stderr.trim()}`, {
      hint: `\`launchctl print gui/$(id -u)/${label}\` shows more`,
      cause: error,
    })
  }
}
