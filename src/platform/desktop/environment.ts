// Where the user's desktop is. An agent that was started before it (by systemd, over SSH) has no DISPLAY of its own: desktops
// tell the user's systemd theirs, and that can be asked.

import { execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

const names = ['DISPLAY', 'WAYLAND_DISPLAY', 'XAUTHORITY', 'XDG_CURRENT_DESKTOP', 'DBUS_SESSION_BUS_ADDRESS'] as const
/** ms. */
const patience = 2_000

const hasDisplay = (env: NodeJS.ProcessEnv): boolean =>
  [env['DISPLAY'], env['WAYLAND_DISPLAY']].some((each) => (each ?? '') !== '')

/** Environments in which a desktop may be shown something, the likeliest first; none where there is no desktop. */
export async function* desktops(env: NodeJS.ProcessEnv = process.env): AsyncIterable<NodeJS.ProcessEnv> {
  // Programs of GTK give up on what is not ASCII without a locale.
  const locale = ['LC_ALL', 'LC_CTYPE', 'LANG'].some((name) => (env[name] ?? '') !== '') ? {} : { LANG: 'C.UTF-8' }
  if (process.platform !== 'linux') {
    yield env
    return
  }
  if (hasDisplay(env)) yield { ...env, ...locale }
  const told = await environmentOfSystemd(env)
  const isNew = names.some((name) => told[name] !== undefined && told[name] !== env[name])
  if (isNew && hasDisplay(told)) yield { ...env, ...locale, ...told }
}

function environmentOfSystemd(env: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  return new Promise((resolve) => {
    execFile('systemctl', ['--user', 'show-environment'], { env, timeout: patience }, (error, stdout) => {
      if (error !== null) return resolve({})
      // A value with odd characters is written as $'...': of these names none has such.
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
