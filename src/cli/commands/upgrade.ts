// `authsock upgrade --restart`: the agent that runs is replaced by one of the program that is installed now, under load.

import { execFile } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Command } from 'commander'
import type { AgentStatus, AuthsockClient } from '../../client/index.ts'
import { agentCommand, startAgent } from '../../client/start.ts'
import { asFailure, Failure } from '../../core/failures.ts'
import { cleanEnvironment } from '../../platform/process/hardening.ts'
import { version } from '../../platform/version.ts'
import type { Context } from '../context.ts'
import type { MakeLeaf } from '../leaf.ts'

interface UpgradeOptions {
  readonly restart?: boolean
}

/** For the former agent to answer what it was asked, and for the next one to start. */
const restartTimeoutMs = 90_000
const pollMs = 50

export function register(root: Command, leaf: MakeLeaf): void {
  leaf(root, 'upgrade', 'show whether the agent is of the installed version; replace it', upgrade)
    .option('--restart', 'replace the agent by one of the installed version')
    .addHelpText(
      'after',
      `
The agent that runs answers what it was asked and finishes a refresh under way; new callers wait at the socket for the
next agent. If the installed version cannot open the vault, the agent that runs goes on. A vault with a passphrase is
locked afterwards.`,
    )
}

async function upgrade(context: Context, { restart = false }: UpgradeOptions): Promise<void> {
  const { terminal } = context
  const agent = await context.agent({ start: false })
  const before = await statusOf(agent)
  const show = (running: AgentStatus['agent'] | undefined, restarted: boolean): void => {
    if (context.asJson) {
      const shown = running === undefined ? {} : { agent: { version: running.version, pid: running.pid } }
      terminal.json({ installed: version, restarted, ...shown })
    } else if (running === undefined) terminal.print(`version ${version} is installed; no agent is running`)
    else terminal.print(`version ${version} is installed; the agent is of version ${running.version} (pid ${running.pid})`)
  }
  if (before === undefined || !restart) {
    show(before, false)
    if (before !== undefined && before.version !== version) terminal.hint('`authsock upgrade --restart` replaces the agent')
    return
  }
  await checkInstalled(context.env)
  const after = await replace(context, agent, before.pid)
  show(after.agent, true)
  if (after.vault.state === 'locked') terminal.hint(after.vault.hint ?? '`authsock unlock`')
}

/** Undefined if no agent runs. */
async function statusOf(agent: AuthsockClient): Promise<AgentStatus['agent'] | undefined> {
  try {
    return (await agent.status()).agent
  } catch (error) {
    if (asFailure(error).code === 'agent_unreachable') return undefined
    throw error
  }
}

/** Whether the installed program runs here and can open the vault: before the agent that can is told to end. */
async function checkInstalled(env: NodeJS.ProcessEnv): Promise<void> {
  const [command, ...args] = agentCommand()
  try {
    await promisify(execFile)(command, [...args, '--check'], { env: cleanEnvironment(env) })
  } catch (error) {
    const { stderr = '' } = error as { readonly stderr?: string }
    const [reason = 'it does not run here', hint] = stderr
      .trim()
      .split('\n')
      .map((line) => line.replace(/^(authsock|hint): /, ''))
    throw new Failure('storage_failed', `the agent was not restarted: ${reason}`, { hint: hint ?? '', cause: error })
  }
}

/** Whose the socket is that the agent gives away; `nobody`: it ends first, and those who ask meanwhile start the next one. */
async function socketOf(agent: AuthsockClient): Promise<'agent' | 'service_manager' | 'nobody'> {
  // Windows has no call by which the next agent could listen while this one still answers.
  if (process.platform !== 'win32') {
    try {
      return (await agent.handOver()).socket_of
    } catch (error) {
      // An agent of before this request existed.
      if (asFailure(error).code !== 'not_found') throw error
    }
  }
  await agent.shutdown()
  return 'nobody'
}

async function replace(context: Context, agent: AuthsockClient, pid: number): Promise<AgentStatus> {
  const pidNow = async (): Promise<number | undefined> => (await statusOf(agent).catch(() => undefined))?.pid
  if ((await socketOf(agent)) === 'agent') {
    const isReplaced = async (): Promise<boolean> => ![undefined, pid].includes(await pidNow())
    await startAgent(context.paths, context.env, isReplaced, ['--take-over'])
  }
  const deadline = performance.now() + restartTimeoutMs
  while ((await pidNow()) === pid) {
    if (performance.now() > deadline) throw new Failure('unexpected', `the agent (pid ${pid}) did not end`)
    await pause(pollMs)
  }
  return (await context.freshAgent()).status()
}
