// What a command asks at a terminal if the vault stands in its way, instead of failing: the passphrase of a locked vault, or a place
// for the master key on a machine without a keychain (U10, U11). Without a terminal the failure is shown, with the command to type.

import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { AuthsockClient } from '../client/index.ts'
import { asFailure, type Failure, type FailureCode } from '../core/failures.ts'
import type { Context } from './context.ts'
import { ask, newPassphrase, passphrase } from './prompts.ts'

/** The keychain cannot hold the key of a new vault. */
const noKeychain: ReadonlySet<FailureCode> = new Set(['keychain_absent', 'keychain_unreachable'])

/** Wrong passphrases in a row, after which the failure counts. */
const maxTries = 3
/** A longer wait is reported. */
const maxWaitSeconds = 5

/** Runs `work`, again once the user has given what the vault needs. Throws what `work` throws otherwise. */
export async function withVault<T>(context: Context, agent: AuthsockClient, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const failure = asFailure(error)
    if (!context.terminal.isInteractive || context.asJson || !(await resolved(context, agent, failure))) throw error
    return work()
  }
}

/** Whether it is worth trying again. */
async function resolved(context: Context, agent: AuthsockClient, failure: Failure): Promise<boolean> {
  const { vault } = await agent.status()
  if (noKeychain.has(failure.code) && vault.master_key === undefined) return chooseMasterKey(context, agent, failure)
  if (failure.code !== 'vault_locked' && failure.code !== 'keychain_locked') return false
  if (vault.master_key === 'passphrase') return askPassphrase(context, agent)
  await agent.unlock()
  return true
}

async function askPassphrase(context: Context, agent: AuthsockClient): Promise<boolean> {
  const { terminal } = context
  terminal.note('the vault is locked')
  for (let tries = 1; ; tries += 1) {
    const given = await passphrase(context, false)
    if (given === undefined || given === '') return false
    const failure = await unlock(context, agent, given)
    if (failure === undefined) return true
    if (failure.code !== 'master_key_wrong' || tries >= maxTries) throw failure
    terminal.note('wrong passphrase')
  }
}

/** Undefined if the vault is open. After a wrong passphrase the agent takes the next one a moment later only. */
async function unlock({ terminal }: Context, agent: AuthsockClient, given: string): Promise<Failure | undefined> {
  try {
    for (;;) {
      terminal.progress('unlocking the vault')
      const failure = await agent.unlock(given).then(
        () => undefined,
        (error: unknown) => asFailure(error),
      )
      const waitSeconds = failure?.code === 'unlock_throttled' ? failure.details.retryAfter : undefined
      if (waitSeconds === undefined || waitSeconds > maxWaitSeconds) return failure
      await pause(waitSeconds * 1000)
    }
  } finally {
    terminal.endProgress()
  }
}

async function chooseMasterKey(context: Context, agent: AuthsockClient, failure: Failure): Promise<boolean> {
  const { terminal } = context
  const file = join(homedir(), '.config', 'authsock', 'master.key')
  terminal.note(failure.message)
  terminal.say('Your logins are stored encrypted. Where is the key to be kept?')
  terminal.say('  p  nowhere: a passphrase opens the vault, once after each start of the agent')
  terminal.say(`  f  in a file: no passphrase, but everyone who can read the file can read your logins (${file})`)
  for (;;) {
    const answer = (await ask('[p]assphrase, key [f]ile, or [c]ancel: ')).toLowerCase()
    if (answer.startsWith('c')) return false
    if (answer.startsWith('p')) {
      const chosen = await newPassphrase(context, false)
      terminal.progress('creating the vault')
      await agent.setMasterKey({ provider: 'passphrase', passphrase: chosen })
      terminal.endProgress()
      return true
    }
    if (answer.startsWith('f')) {
      const path = resolve((await ask(`path (${file}): `)) || file)
      await agent.setMasterKey({ provider: 'key-file', path })
      terminal.note(`the master key of the vault is in ${path}: keep a copy of it`)
      return true
    }
  }
}
