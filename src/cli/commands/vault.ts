// `authsock lock`, `unlock` and `vault`: the vault and its master key.

import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { MasterKeyRequest, VaultStatus } from '../../client/index.ts'
import { asFailure, Failure } from '../../core/failures.ts'
import { defined } from '../../core/util/defined.ts'
import { addGroup, type MakeLeaf } from '../leaf.ts'
import type { Context } from '../context.ts'
import { newPassphrase, passphrase } from '../prompts.ts'
import { vaultProblems, vaultStates } from './status-lines.ts'

interface PassphraseOptions {
  readonly passphraseStdin?: boolean
}

export function register(root: Command, leaf: MakeLeaf): void {
  leaf(root, 'lock', 'lock the vault: no tokens until it is unlocked', lock)
  leaf(root, 'unlock', 'unlock the vault', unlock).option('--passphrase-stdin', 'read the passphrase from stdin')
  const vault = addGroup(root, 'vault', 'show the vault, move its master key (`authsock help vault`)')
  leaf(vault, 'status', 'show whether the vault is open and where its master key is kept', status)
  leaf(vault, 'master-key <location> [path]', 'move the master key to another location', masterKey)
    .option('--passphrase-stdin', 'read the new passphrase from stdin')
    .addHelpText(
      'after',
      '\nLocations: keychain, passphrase, key-file PATH, insecure-key-file; `authsock help vault` describes them.',
    )
}

async function lock(context: Context): Promise<void> {
  const agent = await context.agent({ start: false })
  report(context, await agent.lock(), 'vault locked; `authsock unlock` unlocks it')
}

async function unlock(context: Context, options: PassphraseOptions): Promise<void> {
  const agent = await context.agent()
  if (options.passphraseStdin !== true) {
    try {
      reportUnlocked(context, await agent.unlock())
      return
    } catch (error) {
      if (asFailure(error).code !== 'vault_locked') throw error
    }
  }
  const given = await passphrase(context, options.passphraseStdin === true)
  if (given === undefined) {
    throw new Failure('vault_locked', 'cannot ask for the passphrase without a terminal', {
      hint: 'use `authsock unlock --passphrase-stdin`',
    })
  }
  if (context.terminal.isInteractive) context.terminal.progress('unlocking the vault')
  const status = await agent.unlock(given)
  context.terminal.endProgress()
  reportUnlocked(context, status)
}

async function status(context: Context): Promise<void> {
  const { vault } = await (await context.agent()).status()
  if (context.asJson) context.terminal.json(vault)
  else {
    context.terminal.print(`${vault.state}${vault.master_key === undefined ? '' : ` (master key: ${vault.master_key})`}`)
    if (vault.detail !== undefined) context.terminal.note(vault.detail)
    if (vault.hint !== undefined) context.terminal.hint(vault.hint)
  }
}

async function masterKey(
  context: Context,
  location: string,
  path: string | undefined,
  options: PassphraseOptions,
): Promise<void> {
  const agent = await context.agent()
  checkLocation(location, path)
  // Before a passphrase is asked for (U3). A keychain that is not accessible may never have held a key: the agent knows.
  const { vault } = await agent.status()
  if (vault.state === 'locked') refuseUnusable(vault)
  const request = await masterKeyRequest(context, location, path, options.passphraseStdin === true)
  if (context.terminal.isInteractive) context.terminal.progress('encrypting the vault again')
  const status = await agent.setMasterKey(request)
  context.terminal.endProgress()
  report(context, status, `the master key of the vault is now in: ${location}`)
}

async function masterKeyRequest(
  context: Context,
  location: string,
  path: string | undefined,
  fromStdin: boolean,
): Promise<MasterKeyRequest> {
  switch (location) {
    case 'keychain':
    case 'insecure-key-file':
      return { provider: location }
    case 'passphrase':
      return { provider: location, passphrase: await newPassphrase(context, fromStdin) }
    case 'key-file': {
      if (path === undefined)
        throw new Failure('bad_request', 'key-file needs a path', { hint: '`authsock vault master-key key-file PATH`' })
      return { provider: location, path: resolve(path) }
    }
    default:
      throw unknownLocation(location)
  }
}

const locations: ReadonlySet<string> = new Set(['keychain', 'passphrase', 'key-file', 'insecure-key-file'])

function checkLocation(location: string, path: string | undefined): void {
  if (!locations.has(location)) throw unknownLocation(location)
  if (path !== undefined && location !== 'key-file')
    throw new Failure('bad_request', `${location} takes no path`, { hint: `\`authsock vault master-key ${location}\`` })
}

const unknownLocation = (location: string): Failure =>
  new Failure('bad_request', `unknown location '${location}' for the master key`, {
    hint: 'use keychain, passphrase, key-file PATH or insecure-key-file; `authsock help vault` describes them',
  })

function reportUnlocked(context: Context, status: VaultStatus): void {
  refuseUnusable(status)
  const isNew = status.state === 'new'
  report(context, status, isNew ? 'nothing to unlock: the first login creates the vault' : 'vault unlocked')
}

/** Throws if the vault is neither open nor still to be created. */
function refuseUnusable({ state, detail, hint }: VaultStatus): void {
  if (state === 'open' || state === 'new') return
  const text = `vault ${vaultStates[state] ?? state}${detail === undefined ? '' : `: ${detail}`}`
  throw new Failure(vaultProblems[state] ?? 'vault_locked', text, defined({ hint }))
}

function report(context: Context, status: VaultStatus, text: string): void {
  if (context.asJson) context.terminal.json(status)
  else context.terminal.note(text)
}
