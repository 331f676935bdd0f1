// Which master key the agent was told to use: by an option, the environment, or systemd's credentials.

import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import type { MasterKeyChoice } from '../../store/store.ts'

export interface MasterKeyOptions {
  /** A descriptor that holds the master key. */
  readonly masterKeyFd?: number
  /** A file that holds the master key. */
  readonly masterKeyFile?: string
}

/** Undefined: what the store's manifest says, or the default for a new store. */
export function masterKeyChoice(
  { masterKeyFd, masterKeyFile }: MasterKeyOptions,
  env: NodeJS.ProcessEnv,
): MasterKeyChoice | undefined {
  if (masterKeyFd !== undefined) return { provider: 'descriptor', fd: masterKeyFd }
  const path = masterKeyFile ?? env['AUTHSOCK_MASTER_KEY_FILE']
  if (path !== undefined && path !== '') return { provider: 'key-file', path }
  const folder = env['CREDENTIALS_DIRECTORY']
  if (folder === undefined) return undefined
  const credential = join(folder, 'authsock-master-key')
  return isReadable(credential) ? { provider: 'systemd-credential', path: credential } : undefined
}

function isReadable(path: string): boolean {
  try {
    closeSync(openSync(path, 'r'))
    return true
  } catch {
    return false
  }
}
