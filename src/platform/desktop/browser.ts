// P7: opens the system's browser, for http and https URLs only. The URL is one argument; no shell reads it.

import { spawn } from 'node:child_process'
import { once } from 'node:events'

type Environment = Readonly<Record<string, string | undefined>>

/** False if no browser could be started: the caller then shows the URL. Never throws. */
export async function openBrowser(url: string, env: Environment = process.env, platform = process.platform): Promise<boolean> {
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? '')) return false
  for (const [program, ...args] of candidates(url, env, platform)) {
    if (program !== undefined && (await start(program, args, env))) return true
  }
  return false
}

/** A browser, or a profile of one, that the user has chosen: the URL replaces `%s`, or is the last argument. Never throws. */
export async function openBrowserCommand(
  command: readonly string[],
  url: string,
  env: Environment = process.env,
): Promise<boolean> {
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? '')) return false
  const [program, ...args] = withUrl(command, url)
  return program !== undefined && (await start(program, args, env))
}

const withUrl = (words: readonly string[], url: string): readonly string[] =>
  words.some((word) => word.includes('%s')) ? words.map((word) => word.replaceAll('%s', url)) : [...words, url]

/** BROWSER is a list separated by colons: commands with `%s` for the URL, or programs that take the URL as the last argument. */
function candidates(url: string, env: Environment, platform: NodeJS.Platform): readonly (readonly string[])[] {
  const own = (env['BROWSER'] ?? '')
    .split(platform === 'win32' ? ';' : ':')
    .filter((command) => command.trim() !== '')
    .map((command) => withUrl(command.trim().split(/\s+/), url))
  if (own.length > 0) return own
  if (platform === 'darwin') return [['open', url]]
  if (platform === 'win32') return [['rundll32', 'url.dll,FileProtocolHandler', url]]
  const hasDisplay = (env['DISPLAY'] ?? env['WAYLAND_DISPLAY']) !== undefined
  return hasDisplay || env['WSL_DISTRO_NAME'] !== undefined
    ? [
        ['xdg-open', url],
        ['wslview', url],
      ]
    : []
}

/** True once it runs (a browser may run for days); false if it cannot start or fails within 300 ms. */
async function start(program: string, args: readonly string[], env: Environment): Promise<boolean> {
  const child = spawn(program, args, { detached: true, stdio: 'ignore', shell: false, env: { ...env } })
  child.unref()
  try {
    await once(child, 'spawn')
  } catch {
    return false
  }
  const settled = await Promise.race([once(child, 'exit').then(([code]) => code as number | null), pause(300)])
  return settled === 'still running' || settled === 0
}

const pause = (delay: number): Promise<'still running'> =>
  new Promise((resolve) => {
    setTimeout(() => resolve('still running'), delay).unref()
  })
