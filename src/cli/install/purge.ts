// `authsock uninstall --purge`: ends every session at its server, undoes every `authsock setup`, and removes the vault, its master key and
// whatever else authsock keeps. config.toml stays: the user wrote it.

import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { AuthsockClient, LogoutAnswer } from '../../client/index.ts'
import { asFailure, Failure } from '../../core/failures.ts'
import type { Paths } from '../../platform/fs/paths.ts'
import type { Context } from '../context.ts'
import { ask } from '../prompts.ts'
import { ownFolder } from '../setup/programs.ts'
import { Records } from '../setup/records.ts'
import { undoTool } from '../setup/undo.ts'
import { withVault } from '../vault-prompts.ts'

export interface PurgeOptions {
  readonly yes?: boolean
  /** `--no-revoke` */
  readonly revoke?: boolean
}

export interface Purge {
  readonly sessions: readonly LogoutAnswer[]
  /** The tools whose set-up was undone. */
  readonly setups: readonly string[]
  /** What could not be undone, and what stays. */
  readonly notes: readonly string[]
  /** After the autostart is gone: stops the agent and removes the files. The result is their paths. */
  readonly finish: () => Promise<readonly string[]>
}

/** For an agent to finish a refresh. */
const stopTimeoutMs = 60_000
const pollMs = 50

/** Throws cancelled, and server_unreachable if a session could not be revoked: nothing is removed then. */
export async function purge(context: Context, { yes = false, revoke = true }: PurgeOptions, home: string): Promise<Purge> {
  const { paths } = context
  const records = new Records(join(paths.stateDirectory, 'setup.json'))
  const setups = records.tools()
  if (!yes) await confirm(context, setups, revoke)
  const notes: string[] = []
  const hasVault = existsSync(join(paths.vaultDirectory, 'vault.json'))
  const agent = await context.agent({ start: hasVault })
  const sessions = hasVault && revoke ? await revokeAll(context, agent) : []
  if (hasVault) await discardKey(agent, revoke, notes)
  for (const name of setups) notes.push(...undoTool(records, name).problems)
  if (existsSync(paths.configFile)) notes.push(`${paths.configFile} stays: it holds no secret`)
  const keepsSetups = records.tools().length > 0
  return { sessions, setups, notes, finish: () => finish(context, agent, keepsSetups, ownFolder(context.env, home)) }
}

async function confirm(context: Context, setups: readonly string[], revoke: boolean): Promise<void> {
  const { terminal } = context
  if (context.asJson || !terminal.isInteractive) {
    throw new Failure('bad_request', 'cannot ask for confirmation without a terminal', { hint: 'add --yes' })
  }
  terminal.note(`${revoke ? 'every session is revoked at its server' : 'no session is revoked'}, every share is removed`)
  if (setups.length > 0) terminal.note(`the set-up of ${setups.join(', ')} is undone`)
  terminal.note(`the vault with its master key and the audit log are removed: ${context.paths.stateDirectory}`)
  const answer = await ask('remove all of this? [y/N] ').catch(() => '')
  if (!/^y(es)?$/i.test(answer)) throw new Failure('cancelled', 'cancelled')
}

async function revokeAll(context: Context, agent: AuthsockClient): Promise<readonly LogoutAnswer[]> {
  for (const { name } of await agent.shares()) await agent.removeShare(name)
  const live = (await agent.sessions()).filter(({ state }) => state !== 'logged_out')
  const answers: LogoutAnswer[] = []
  for (const { profile } of live) answers.push(await withVault(context, agent, () => agent.logout(profile)))
  const pending = answers.filter(({ revocation }) => revocation === 'pending').map(({ profile }) => profile)
  if (pending.length === 0) return answers
  throw new Failure('server_unreachable', `could not revoke the tokens of ${pending.join(', ')}; nothing was removed`, {
    hint: 'the agent keeps trying: try again when the server can be reached, or add --no-revoke',
  })
}

async function discardKey(agent: AuthsockClient, revoke: boolean, notes: string[]): Promise<void> {
  const { vault } = await agent.status()
  try {
    await agent.discardMasterKey()
    if (vault.master_key === 'key-file') notes.push('the key file of the vault stays where you put it')
  } catch (error) {
    // The vault cannot be opened: without its files the key opens nothing.
    if (revoke) throw error
    notes.push(`the master key stays: ${asFailure(error).message}`)
  }
}

async function finish(
  context: Context,
  agent: AuthsockClient,
  keepsSetups: boolean,
  programs: string,
): Promise<readonly string[]> {
  await stopAgent(context)
  agent.close()
  const { paths } = context
  const { stateDirectory, sharesDirectory, seenFolder, vaultNoteFile, socket, agentLock, configFile } = paths
  const kept = new Set([configFile, ...(keepsSetups ? [join(stateDirectory, 'setup.json')] : [])])
  const state = existsSync(stateDirectory) ? readdirSync(stateDirectory).map((name) => join(stateDirectory, name)) : []
  const all = [...state, seenFolder, vaultNoteFile, sharesDirectory, socket, agentLock, `${socket}.start`, programs]
  const removed = [...new Set(all)].filter((path) => !kept.has(path) && existsSync(path))
  for (const path of removed) rmSync(path, { recursive: true, force: true })
  for (const folder of emptied(paths, programs)) removeIfEmpty(folder)
  return removed
}

const emptied = ({ seenFolder, vaultNoteFile, stateDirectory, runtimeDirectory }: Paths, programs: string): readonly string[] => [
  dirname(vaultNoteFile),
  dirname(seenFolder),
  stateDirectory,
  ...(basename(runtimeDirectory) === 'authsock' ? [runtimeDirectory] : []),
  dirname(programs),
]

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch {
    // Something else is in it, or it is gone.
  }
}

/** The autostart that would start it again is gone. */
async function stopAgent(context: Context): Promise<void> {
  const deadline = performance.now() + stopTimeoutMs
  const agent = await context.watchedAgent()
  const pid = await agent.status().then(
    ({ agent }) => agent.pid,
    () => undefined,
  )
  if (pid === undefined) return
  await agent.shutdown()
  while (isRunning(pid)) {
    if (performance.now() > deadline) throw new Failure('unexpected', `the agent (pid ${pid}) did not end`)
    await pause(pollMs)
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
