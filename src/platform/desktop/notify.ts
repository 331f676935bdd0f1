// Telling the user something on the desktop: by the command that config.toml names, or by what the desktop has. Never waits.

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { desktops } from './environment.ts'

export async function notify(command: readonly string[] | undefined, title: string, text: string): Promise<void> {
  const env = await surroundings()
  const [program, ...args] =
    command === undefined ? ofDesktop(env, title, text) : command.length === 0 ? [] : [...command, title, text]
  if (program === undefined) return
  const child = spawn(program, args, { stdio: 'ignore', detached: true, windowsHide: true, env })
  child.on('error', () => {})
  child.unref()
}

async function surroundings(): Promise<NodeJS.ProcessEnv> {
  for await (const env of desktops()) return env
  return process.env
}

function ofDesktop(env: NodeJS.ProcessEnv, title: string, text: string): readonly string[] {
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
  return ['notify-send', '--app-name=authsock', '--', title, markup(text)]
}

/** Who shows notifications is found on the session's bus. */
const hasBus = ({ DBUS_SESSION_BUS_ADDRESS: address = '', XDG_RUNTIME_DIR: folder = '' }: NodeJS.ProcessEnv): boolean =>
  address !== '' || (folder !== '' && existsSync(join(folder, 'bus')))

/** The text of a notification may hold tags and links, and notify-send reads escapes in it; a title has neither. */
const markup = (text: string): string =>
  text.replaceAll('\\', '\ufffd').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
