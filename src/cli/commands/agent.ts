// `authsock start`, `authsock stop`, and the entry of `authsock agent` in the help: src/main.ts starts that one itself.

import type { Command } from 'commander'
import { asFailure } from '../../core/failures.ts'
import { oneOf } from '../arguments.ts'
import type { Context } from '../context.ts'
import type { MakeLeaf } from '../leaf.ts'

export function register(root: Command, leaf: MakeLeaf): void {
  // Read by src/agent/command.ts, which loads no command line.
  root
    .command('agent')
    .description('run the agent in the foreground')
    .option('--log <level>', 'quiet, info (default) or debug, on stderr', oneOf('--log', ['quiet', 'info', 'debug'] as const))
    .option('--take-over', 'take the place of the agent that runs')
    .option('--check', 'only check that this version can open the vault')
    .option('--json', 'print the log as JSON, one object a line')
    .option('--master-key-fd <number>', "read the vault's master key from this descriptor")
    .option('--master-key-file <path>', 'keep it in this file (also: AUTHSOCK_MASTER_KEY_FILE)')
    .exitOverride()
  leaf(root, 'start', 'start the agent in the background', start)
  leaf(root, 'stop', 'stop the agent', stop)
}

async function start(context: Context): Promise<void> {
  const { agent } = await (await context.agent()).status()
  if (context.asJson) context.terminal.json(agent)
  else context.terminal.print(`agent running (version ${agent.version}, pid ${agent.pid}) at ${agent.socket}`)
}

async function stop(context: Context): Promise<void> {
  const agent = await context.agent({ start: false })
  try {
    await agent.shutdown()
  } catch (error) {
    if (asFailure(error).code !== 'agent_unreachable') throw error
    if (context.asJson) context.terminal.json({ stopping: false })
    else context.terminal.note('no agent is running')
    return
  }
  if (context.asJson) context.terminal.json({ stopping: true })
  else context.terminal.note('stopping the agent')
}
