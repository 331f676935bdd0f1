// Starts the agent in the background. Many clients may do so at once: one agent takes the lock and stays, the others exit with 0,
// and every client tries until one answers.

import { spawn } from 'node:child_process'
import { closeSync, constants, existsSync, lstatSync, readFileSync, renameSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Failure } from '../core/failures.ts'
import { defined } from '../core/util/defined.ts'
import { cleanEnvironment, nodeOptions } from '../platform/process/hardening.ts'
import { diskFailure } from '../platform/fs/disk.ts'
import { openOwnFileSync, readOwnFileSync } from '../platform/fs/own-file.ts'
import type { Paths } from '../platform/fs/paths.ts'
import { preparePrivateFolder } from '../platform/fs/private-folder.ts'
import { isSingleFile, program } from '../platform/self.ts'

/** For an agent to answer, on a busy machine. */
const startTimeoutMs = 20_000
/** It holds warnings and errors only. */
const maxLogBytes = 256 * 1024

/**
 * Resolves once `isRunning` says so. `options`: further ones of `authsock agent`. An agent that is killed while it starts is started again (H14). Throws agent_unreachable with the last
 * message of the agent.
 */
export async function startAgent(
  paths: Paths,
  env: NodeJS.ProcessEnv,
  isRunning: () => Promise<boolean>,
  options: readonly string[] = [],
): Promise<void> {
  const deadline = Date.now() + startTimeoutMs
  const log = { path: paths.logFile, start: 0 }
  let agent = spawnAgent(log, env, options)
  for (let wait = 10; Date.now() < deadline; wait = Math.min(wait * 1.5, 200)) {
    await pause(wait)
    if (await isRunning()) return
    const { state } = agent
    if (state.kind === 'failed') throw startFailure(log, 'cannot start the agent')
    // One that gave way to another agent is started again if that one does not come up.
    const isOver = state.kind === 'killed' || (state.kind === 'gave way' && Date.now() - state.at > gaveWayDelayMs)
    if (isOver) agent = spawnAgent(log, env, options)
  }
  throw startFailure(log, 'the agent was started but does not answer')
}

const gaveWayDelayMs = 1_000

type AgentState =
  | { readonly kind: 'running' | 'failed' | 'killed' }
  /** It ended without an error: another agent has the lock. */
  | { readonly kind: 'gave way'; readonly at: number }

interface AgentLog {
  readonly path: string
  /** Where the output of the last start begins. */
  start: number
}

function spawnAgent(log: AgentLog, env: NodeJS.ProcessEnv, options: readonly string[]): { readonly state: AgentState } {
  const file = openLog(log.path)
  log.start = statSync(log.path).size
  const [command, ...args] = agentCommand()
  const child = spawn(command, [...args, '--log', 'quiet', ...options], {
    detached: true,
    stdio: ['ignore', 'ignore', file],
    env: cleanEnvironment(env),
    cwd: '/',
    windowsHide: true,
  })
  closeSync(file)
  child.unref()
  const agent: { state: AgentState } = { state: { kind: 'running' } }
  child.on('error', () => {
    agent.state = { kind: 'failed' }
  })
  child.on('exit', (code) => {
    if (code === 0) agent.state = { kind: 'gave way', at: Date.now() }
    else agent.state = { kind: code === null ? 'killed' : 'failed' }
  })
  return agent
}

function startFailure(log: AgentLog, text: string): Failure {
  const logged = readOwnFileSync(log.path)?.subarray(log.start).toString().trim() ?? ''
  const lines = logged.split('\n').map((line) => line.replace(/^authsock: /, ''))
  const reason = lines.findLast((line) => line !== '' && !line.startsWith('hint: '))
  const hint = lines.findLast((line) => line.startsWith('hint: '))?.slice('hint: '.length)
  return new Failure('agent_unreachable', reason === undefined ? text : `${text}: ${reason}`, defined({ hint }))
}

/**
 * By the Node that the build or the installation has recorded (S7): this process may run on one of a repository. The program finds
 * a Node by itself if this process is another JavaScript runtime, such as an editor built on Electron (H8).
 */
export function agentCommand(): readonly [string, ...string[]] {
  if (isSingleFile) return [program(), 'agent']
  const { electron, bun, deno } = process.versions as Readonly<Record<string, string | undefined>>
  const isNode = electron === undefined && bun === undefined && deno === undefined
  const node = recordedNode() ?? (isNode || process.platform === 'win32' ? process.execPath : undefined)
  return node === undefined ? [program(), 'agent'] : [node, ...nodeOptions, program(), 'agent']
}

/** As src/main.ts and thin-client/posix-process.c. */
function recordedNode(): string | undefined {
  try {
    const path = readFileSync(join(dirname(program()), 'interpreter'), 'utf8').trim()
    return path !== '' && existsSync(path) ? path : undefined
  } catch {
    return undefined
  }
}

function openLog(path: string): number {
  try {
    preparePrivateFolder(dirname(path))
    // One older log is kept.
    if ((lstatSync(path, { throwIfNoEntry: false })?.size ?? 0) > maxLogBytes) renameSync(path, `${path}.1`)
    return openOwnFileSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT)
  } catch (error) {
    throw diskFailure(error, `cannot write ${path}`)
  }
}
