// Desktop notifications: by the command in config.toml, or by a program of the desktop. Does not wait for it to end.

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { desktops } from './environment.ts'

export async function notify(command: readonly string[] | undefined, title: string, text: string): Promise<void> {
  const env = await desktopEnvironment()
  const [program, ...args] =
    command === undefined ? desktopCommand(env, title, text) : command.length === 0 ? [] : [...command, title, text]
  if (program === undefined) return
  const child = spawn(program, args, { stdio: 'ignore', detached: true, windowsHide: true, env })
  child.on('error', () => {})
  child.unref()
}

async function desktopEnvironment(): Promise<NodeJS.ProcessEnv> {
  for await (const env of desktops()) return env
  return process.env
}

function desktopCommand(env: NodeJS.ProcessEnv, title: string, text: string): readonly string[] {
  if (process.platform === 'darwin') {
    return [
      'osascript',
      '-e',
      'on run argv\ndisplay notification (item 2 of argv) with title (item 1 of argv)\nend run',
      title,
      text,
    ]
  }
  if (process.platform !== 'linux' || !hasBus(env)) return []
  return ['notify-send', '--app-name=authsock', '--', title, escapeMarkup(text)]
}

/** The notification service is reached over the session bus. */
const hasBus = ({ DBUS_SESSION_BUS_ADDRESS: address = '', XDG_RUNTIME_DIR: folder = '' }: NodeJS.ProcessEnv): boolean =>
  address !== '' || (folder !== '' && existsSync(join(folder, 'bus')))

/** The body of a notification may be markup, and notify-send interprets backslashes in it. Neither applies to the title. */
const escapeMarkup = (text: string): string =>
  text.replaceAll('\\', '\ufffd').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
