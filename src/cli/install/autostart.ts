// Which of the system's ways starts the agent at login.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { agentCommand } from '../../client/start.ts'
import { Failure } from '../../core/failures.ts'
import { agentEnvironment, type AgentLaunch, type Autostart } from '../../platform/autostart/autostart.ts'
import { launchd } from '../../platform/autostart/launchd.ts'
import { runKey } from '../../platform/autostart/run-key.ts'
import { systemd } from '../../platform/autostart/systemd.ts'
import { xdg } from '../../platform/autostart/xdg.ts'
import { helperPrograms, isSingleFile } from '../../platform/self.ts'
import type { Context } from '../context.ts'
import type { AutostartKind } from './record.ts'

/** Beside the thin client. */
const starter = isSingleFile
  ? join(helperPrograms, 'authsock-start.exe')
  : fileURLToPath(new URL('../native/win32-x64/authsock-start.exe', import.meta.url))

const hasDesktop = (env: NodeJS.ProcessEnv): boolean =>
  ['DISPLAY', 'WAYLAND_DISPLAY', 'XDG_CURRENT_DESKTOP'].some((name) => (env[name] ?? '') !== '')

/** `wanted`: undefined for what this system has. Undefined for none. Throws bad_request if it cannot be had here. */
export function autostartOf({ env, paths }: Context, wanted: AutostartKind | undefined): Autostart | undefined {
  if (wanted === 'none') return undefined
  const launch: AgentLaunch = { command: agentCommand(), env: agentEnvironment(env), socket: paths.socket }
  const found = available(launch, env, wanted)
  if (found !== undefined || wanted === undefined) return found
  throw new Failure('bad_request', `this system does not start programs by ${wanted}`, {
    hint: 'leave out --autostart, or use --autostart none: the agent then starts with its first caller',
  })
}

/** The one that an earlier `authsock install` has chosen; undefined if this system has it no more. */
export function formerAutostart(context: Context, kind: AutostartKind): Autostart | undefined {
  try {
    return autostartOf(context, kind)
  } catch {
    return undefined
  }
}

function available(launch: AgentLaunch, env: NodeJS.ProcessEnv, wanted: AutostartKind | undefined): Autostart | undefined {
  const isWanted = (kind: AutostartKind): boolean => wanted === undefined || wanted === kind
  switch (process.platform) {
    case 'win32':
      return isWanted('run-key') && existsSync(starter) ? runKey(launch, starter) : undefined
    case 'darwin':
      return isWanted('launchd') ? launchd(launch, env) : undefined
    default: {
      const units = isWanted('systemd') ? systemd(launch, env) : undefined
      return units ?? (wanted === 'xdg' || (wanted === undefined && hasDesktop(env)) ? xdg(launch, env) : undefined)
    }
  }
}
