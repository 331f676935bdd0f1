// Telling the user something on the desktop: by the command that config.toml names, or by what the desktop has. Never waits.

import { spawn } from 'node:child_process'

export function notify(command: readonly string[] | undefined, title: string, text: string): void {
  const [program, ...args] = command ?? ofDesktop(process.env)
  if (program === undefined) return
  const child = spawn(program, [...args, title, text], { stdio: 'ignore', detached: true })
  child.on('error', () => {})
  child.unref()
}

function ofDesktop(env: NodeJS.ProcessEnv): readonly string[] {
  if (process.platform === 'darwin') {
    return ['osascript', '-e', 'on run argv\ndisplay notification (item 2 of argv) with title (item 1 of argv)\nend run']
  }
  const hasDesktop = env['DISPLAY'] !== undefined || env['WAYLAND_DISPLAY'] !== undefined
  return process.platform === 'linux' && hasDesktop ? ['notify-send', '--app-name=authsock', '--'] : []
}
