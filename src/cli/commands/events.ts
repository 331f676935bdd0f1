// `authsock events`: what the agent reports, as it happens.

import type { Command } from 'commander'
import { Failure } from '../../core/failures.ts'
import { eventText } from '../../wire/event-text.ts'
import type { Context } from '../context.ts'
import type { MakeLeaf } from '../leaf.ts'

export function register(root: Command, leaf: MakeLeaf): void {
  leaf(root, 'events', 'print events of the agent as they happen', events)
}

async function events(context: Context): Promise<void> {
  context.catchInterrupt()
  const stream = await (await context.agent()).events(context.signal)
  for await (const event of stream) {
    if (context.asJson) context.terminal.jsonLine(event)
    else context.terminal.print(`${new Date(event.at * 1000).toTimeString().slice(0, 8)}  ${eventText(event)}`)
  }
  if (!context.signal.aborted) throw new Failure('agent_unreachable', 'the agent has stopped')
}
