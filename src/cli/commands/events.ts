// `authsock events`: what the agent reports, as it happens.

import type { Command } from 'commander'
import { eventText } from '../../wire/event-text.ts'
import type { Context } from '../context.ts'
import type { MakeLeaf } from '../leaf.ts'

export function register(root: Command, leaf: MakeLeaf): void {
  leaf(root, 'events', 'print events of the agent as they happen', events)
}

async function events(context: Context): Promise<void> {
  context.catchInterrupt()
  const { signal, terminal } = context
  // Also over restarts of the agent (U11).
  for (let agent = await context.watchingAgent(); !signal.aborted; agent = await context.nextAgent()) {
    for await (const event of await agent.events(signal)) {
      if (context.asJson) terminal.jsonLine(event)
      else terminal.print(`${new Date(event.at * 1000).toTimeString().slice(0, 8)}  ${eventText(event)}`)
    }
    if (!signal.aborted) terminal.note('the agent has stopped; waiting for it to start again')
  }
}
