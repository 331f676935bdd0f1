// `authsock status`, once or as a table that keeps itself up to date.

import { setTimeout as pause } from 'node:timers/promises'
import { Failure } from '../../core/failures.ts'
import type { AgentStatus } from '../../client/index.ts'
import type { Context } from '../context.ts'
import { statusLines } from '../status-table.ts'

const seconds = (): number => Math.floor(Date.now() / 1000)

export async function status(context: Context, options: { readonly watch?: boolean }): Promise<void> {
  if (options.watch === true) return watch(context)
  const current = await (await context.agent()).status()
  if (context.asJson) context.terminal.json(current)
  else show(context, current)
}

function show({ terminal }: Context, current: AgentStatus): void {
  const width = terminal.outputIsTerminal ? terminal.width : Infinity
  for (const line of statusLines(current, seconds(), width, terminal.style)) terminal.print(line)
}

/** Until Ctrl-C: drawn anew each second and at each event. Where stdout is no terminal, or with --json: a status at each event. */
async function watch(context: Context): Promise<void> {
  const { terminal, signal } = context
  context.catchInterrupt()
  const agent = await context.onlooker()
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
  if (isScreen) terminal.printRaw(enter)
  try {
    while (!signal.aborted) {
      if (hasStopped) throw new Failure('agent_unreachable', 'the agent has stopped')
      const current = await agent.status()
      if (context.asJson) terminal.print(JSON.stringify(current))
      else if (isScreen) terminal.printRaw(screen(statusLines(current, seconds(), terminal.width, terminal.style), terminal.rows))
      else show(context, current)
      const event = new Promise<void>((resolve) => {
        changed = resolve
      })
      const second = isScreen ? pause(1000, undefined, { signal }) : new Promise<void>(() => {})
      await Promise.race([event, second, aborted(signal)]).catch(() => {})
    }
  } finally {
    if (isScreen) terminal.printRaw(leave)
  }
}

/** The other screen, without a cursor; and back. */
const enter = '\u001b[?1049h\u001b[?25l'
const leave = '\u001b[?25h\u001b[?1049l'

/** Over what is there, line by line, so that nothing flickers. */
const screen = (lines: readonly string[], rows: number): string =>
  `\u001b[H${lines
    .slice(0, rows - 1)
    .map((line) => `${line}\u001b[K\n`)
    .join('')}\u001b[J`

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
