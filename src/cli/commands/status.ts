// `authsock status`: once, or as a table that follows changes.

import { setTimeout as pause } from 'node:timers/promises'
import type { Command } from 'commander'
import type { AgentStatus, AuthsockClient } from '../../client/index.ts'
import { exitCodes } from '../../core/failures.ts'
import { isInteractive } from '../../core/grant.ts'
import { type Context, nowInSeconds } from '../context.ts'
import type { MakeLeaf } from '../leaf.ts'
import { statusLines } from './status-lines.ts'

export function register(root: Command, leaf: MakeLeaf): void {
  leaf(root, 'status', 'show sessions, vault and warnings', status)
    .option('--watch', 'update the table until Ctrl-C')
    .option('--exit-code', 'exit with 3 if a login is required, 4 if the vault is locked, 5 if a server cannot be reached')
}

interface StatusOptions {
  readonly watch?: boolean
  readonly exitCode?: boolean
}

async function status(context: Context, options: StatusOptions): Promise<void> {
  if (options.watch === true) return watch(context)
  const current = await (await context.agent()).status()
  if (context.asJson) context.terminal.json(current)
  else show(context, current)
  if (options.exitCode === true) context.exitCode = exitCodeOf(current)
}

/** For scripts (U11): the vault first, since without it nothing is known of the sessions. */
function exitCodeOf({ vault, sessions }: AgentStatus): number {
  if (vault.state === 'locked') return exitCodes.locked
  if (vault.state === 'absent' || vault.state === 'unreachable') return exitCodes.storage
  const states = new Set(sessions.filter(needsUser).map(({ state }) => state))
  if (states.has('login_required') || states.has('login_pending') || states.has('logged_out')) return exitCodes.loginRequired
  return sessions.some(({ state }) => state === 'retrying') ? exitCodes.unavailable : exitCodes.ok
}

/** Other sessions are made by the agent itself, when a token is asked for. */
const needsUser = ({ grant }: AgentStatus['sessions'][number]): boolean => isInteractive(grant)

function show({ terminal }: Context, current: AgentStatus): void {
  for (const line of statusLines(current, nowInSeconds(), terminal.width, terminal.style)) terminal.print(line)
}

/**
 * Until Ctrl-C, also over restarts of the agent (U11): drawn each second and at each event. If stdout is no terminal, or with
 * --json: a status at each event.
 */
async function watch(context: Context): Promise<void> {
  const { terminal, signal } = context
  context.catchInterrupt()
  const isScreen = terminal.outputIsTerminal && !context.asJson
  if (isScreen) terminal.printRaw(enterScreen)
  try {
    for (let agent = await context.watchingAgent(); !signal.aborted; agent = await context.nextAgent()) {
      await watchAgent(context, agent, isScreen)
      if (isScreen && !signal.aborted)
        terminal.printRaw(screen(['the agent has stopped; waiting for it to start again'], terminal.rows))
    }
  } finally {
    if (isScreen) terminal.printRaw(leaveScreen)
  }
}

/** Until this agent stops, or Ctrl-C. */
async function watchAgent(context: Context, agent: AuthsockClient, isScreen: boolean): Promise<void> {
  const { terminal, signal } = context
  let changed: () => void = () => {}
  const stopped = new AbortController()
  void (async () => {
    for await (const _ of await agent.events(signal)) changed()
  })()
    .catch(() => {})
    .finally(() => {
      stopped.abort()
      changed()
    })
  while (!signal.aborted && !stopped.signal.aborted) {
    const current = await agent.status().catch(() => undefined)
    if (current === undefined) return
    if (context.asJson) terminal.jsonLine(current)
    else if (isScreen)
      terminal.printRaw(screen(statusLines(current, nowInSeconds(), terminal.width, terminal.style), terminal.rows))
    else show(context, current)
    const event = new Promise<void>((resolve) => {
      changed = resolve
    })
    const second = isScreen ? pause(1000, undefined, { signal }) : new Promise<void>(() => {})
    await Promise.race([event, second, aborted(signal)]).catch(() => {})
  }
}

/** The alternate screen, without a cursor. */
const enterScreen = '\u001b[?1049h\u001b[?25l'
const leaveScreen = '\u001b[?25h\u001b[?1049l'

/** Written over what is there, line by line, so that it does not flicker. */
const screen = (lines: readonly string[], rows: number): string =>
  `\u001b[H${lines
    .slice(0, rows - 1)
    .map((line) => `${line}\u001b[K\n`)
    .join('')}\u001b[J`

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
