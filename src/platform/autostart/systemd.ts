// The user's systemd: a socket unit that starts the agent with its first caller and keeps callers waiting while the agent restarts.

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { Failure } from '../../core/failures.ts'
import type { AgentLaunch, Autostart } from './autostart.ts'
import { wakeTimer } from './wake-timer.ts'
import { serviceUnit, socketUnit, startedBy } from './systemd-units.ts'

const socketName = 'authsock.socket'
const serviceName = 'authsock.service'

/** Undefined if no systemd of this user runs. */
export function systemd(launch: AgentLaunch, env: NodeJS.ProcessEnv): Autostart | undefined {
  const folders = unitPath(env)
  if (folders === undefined) return undefined
  const own = ownFolder(folders, env)
  // Where systemctl enables units by itself, it looks where systemd does.
  const sameFolders = { ...env, XDG_CONFIG_HOME: join(own, '..', '..') }
  const run = (...args: readonly string[]): void => void systemctl(sameFolders, args)
  const isPackaged = folders.some((folder) => folder !== own && isUnitOf(launch, join(folder, serviceName)))
  const [socket, service] = [join(own, socketName), join(own, serviceName)]
  const usual = join(env['XDG_RUNTIME_DIR'] ?? '', 'authsock', 'agent.sock')
  return {
    kind: 'systemd',
    name: 'systemd user socket',
    files: isPackaged
      ? []
      : [
          { path: socket, text: socketUnit(launch.socket === usual ? undefined : launch.socket) },
          { path: service, text: serviceUnit(launch) },
        ],
    enable: (changed) => {
      run('daemon-reload')
      // A socket whose path has changed listens there only when it is started again.
      if (changed.includes(socket) && isActive(env, socketName)) run('stop', socketName, serviceName)
      // Of a unit that has started too often. One that was never loaded cannot be reset.
      systemctl(env, ['reset-failed', socketName, serviceName], false)
      // The service too: sessions are refreshed ahead from the next login on, whether somebody asks or not.
      run('enable', socketName, serviceName)
      run('start', socketName)
    },
    disable: () => {
      run('disable', '--now', socketName, serviceName)
      systemctl(env, ['stop', wakeTimer], false)
    },
    removed: () => {
      run('daemon-reload')
      if (existsSync(socket)) return
      // A unit that is gone but has failed would still be listed.
      systemctl(env, ['reset-failed', socketName, serviceName], false)
    },
  }
}

/** The folders that the user's systemd reads units from. */
function unitPath(env: NodeJS.ProcessEnv): readonly string[] | undefined {
  if (process.platform !== 'linux') return undefined
  const text = systemctl(env, ['show', '--property=UnitPath', '--value'], false)
  const folders = text?.trim().split(' ') ?? []
  return folders.some((folder) => folder.startsWith('/')) ? folders : undefined
}

/** The user's own, as systemd sees it: it may have another XDG_CONFIG_HOME than the shell. */
function ownFolder(folders: readonly string[], env: NodeJS.ProcessEnv): string {
  const home = env['HOME'] ?? homedir()
  const wanted = [env['XDG_CONFIG_HOME'] ?? '', join(home, '.config')].map((config) => join(config, 'systemd', 'user'))
  return wanted.find((folder) => folders.includes(folder)) ?? join(home, '.config', 'systemd', 'user')
}

/** Whether a package has installed a unit for the same program. */
function isUnitOf({ command: [program = ''] }: AgentLaunch, path: string): boolean {
  try {
    const started = startedBy(readFileSync(path, 'utf8'))
    return started !== undefined && realpathSync(started) === realpathSync(program)
  } catch {
    return false
  }
}

const isActive = (env: NodeJS.ProcessEnv, unit: string): boolean =>
  ['active', 'activating', 'reloading'].includes(
    systemctl(env, ['show', '--property=ActiveState', '--value', unit], false)?.trim() ?? '',
  )

/** Its output. If it fails: undefined, or storage_failed if `mustWork`. */
function systemctl(env: NodeJS.ProcessEnv, args: readonly string[], mustWork = true): string | undefined {
  try {
    return execFileSync('systemctl', ['--user', ...args], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (error) {
    if (!mustWork) return undefined
    const { stderr = '' } = error as { stderr?: string }
    const reason = stderr.trim().split('\n')[0] ?? ''
    throw new Failure('storage_failed', `systemctl --user ${args.join(' ')}: ${reason === '' ? 'failed' : reason}`, {
      hint: '`systemctl --user status authsock.socket authsock.service` shows more',
      cause: error,
    })
  }
}
