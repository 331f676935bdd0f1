// `authsock status`: once, or as a table that follows changes.

import { setTimeout as pause } from 'node:timers/promises'
import type { Command } from 'commander'
import type { AgentStatus } from '../../client/index.ts'
import { Failure } from '../../core/failures.ts'
import { type Context, nowInSeconds } from '../context.ts'
import type { MakeLeaf } from '../leaf.ts'
import { statusLines } from './status-lines.ts'

export function register(root: Command, leaf: MakeLeaf): void {
  leaf(root, 'status', 'show sessions, vault and warnings', status).option('--watch', 'update the table until Ctrl-C')
}

async function status(context: Context, options: { readonly watch?: boolean }): Promise<void> {
  if (options.watch === true) return watch(context)
  const current = await (await context.agent()).status()
  if (context.asJson) context.terminal.json(current)
  else show(context, current)
}

function show({ terminal }: Context, current: AgentStatus): void {
  for (const line of statusLines(current, nowInSeconds(), terminal.width, terminal.style)) terminal.print(line)
}

/** Until Ctrl-C: drawn each second and at each event. If stdout is no terminal, or with --json: a status at each event. */
async function watch(context: Context): Promise<void> {
  const { terminal, signal } = context
  context.catchInterrupt()
  const agent = await context.watchingAgent()
  const isScreen = terminal.outputIsTerminal && !context.asJson
  let changed: () => void = () => {}
  let hasStopped = false
  void (async () => {
    for await (const _ of await agent.events(signal)) changed()
  })()
    .catch(() => {})
    .finally(() => {
      hasStopped = true
      changed()
    })
  if (isScreen) terminal.printRaw(enterScreen)
  try {
    while (!signal.aborted) {
      if (hasStopped) throw new Failure('agent_unreachable', 'the agent has stopped')
      const current = await agent.status()
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
  } finally {
    if (isScreen) terminal.printRaw(leaveScreen)
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
