// The environment of the user's desktop. An agent that was started before the desktop (by systemd, over SSH) has no DISPLAY:
// desktops set their variables in the user's systemd, which this reads.

import { execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

const names = ['DISPLAY', 'WAYLAND_DISPLAY', 'XAUTHORITY', 'XDG_CURRENT_DESKTOP', 'DBUS_SESSION_BUS_ADDRESS'] as const
const systemctlTimeoutMs = 2_000

const hasDisplay = (env: NodeJS.ProcessEnv): boolean =>
  [env['DISPLAY'], env['WAYLAND_DISPLAY']].some((each) => (each ?? '') !== '')

/** Environments in which a desktop program may run, the best first; none if there is no desktop. */
export async function* desktops(env: NodeJS.ProcessEnv = process.env): AsyncIterable<NodeJS.ProcessEnv> {
  // Without a locale, GTK programs fail on text that is not ASCII.
  const locale = ['LC_ALL', 'LC_CTYPE', 'LANG'].some((name) => (env[name] ?? '') !== '') ? {} : { LANG: 'C.UTF-8' }
  if (process.platform !== 'linux') {
    yield env
    return
  }
  if (hasDisplay(env)) yield { ...env, ...locale }
  const fromSystemd = await environmentOfSystemd(env)
  const isNew = names.some((name) => fromSystemd[name] !== undefined && fromSystemd[name] !== env[name])
  if (isNew && hasDisplay(fromSystemd)) yield { ...env, ...locale, ...fromSystemd }
}

function environmentOfSystemd(env: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  return new Promise((resolve) => {
    execFile('systemctl', ['--user', 'show-environment'], { env, timeout: systemctlTimeoutMs }, (error, stdout) => {
      if (error !== null) return resolve({})
      // systemctl quotes a value with special characters as $'...'; these variables have none.
      const pairs = stdout
        .split('\n')
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const)
      resolve(Object.fromEntries(pairs.filter(([name, value]) => names.some((each) => each === name) && !value.startsWith('$'))))
    })
  })
}

export function isOnPath(name: string, env: NodeJS.ProcessEnv): boolean {
  return (env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
