// Secrets come from a prompt, from stdin, from a file or from the environment, and never from argv, which every process of
// the machine can read.

import { readFile } from 'node:fs/promises'
import { Failure } from '../core/failures.ts'
import { readUpTo } from '../platform/read-up-to.ts'
import type { Context } from './context.ts'

const maxBytes = 64 * 1024

export interface SecretOptions {
  readonly clientSecretStdin?: boolean
  readonly clientSecretFile?: string
}

/** Whether the user has named a source; the environment is none, since it may be meant for another profile. */
export const givesSecret = ({ clientSecretStdin, clientSecretFile }: SecretOptions): boolean =>
  clientSecretStdin === true || clientSecretFile !== undefined

/** Undefined where none was given and nobody can be asked. */
export async function clientSecret(
  context: Context,
  options: SecretOptions,
  prompt: string | undefined,
): Promise<string | undefined> {
  if (options.clientSecretStdin === true) return firstLine(await readStdin(), 'stdin')
  if (options.clientSecretFile !== undefined)
    return firstLine(await readSecretFile(options.clientSecretFile), options.clientSecretFile)
  const fromEnvironment = context.env['AUTHSOCK_CLIENT_SECRET']
  if (fromEnvironment !== undefined && fromEnvironment !== '') return fromEnvironment
  if (prompt === undefined || !context.terminal.isInteractive) return undefined
  return ask(context, prompt)
}

/** A static secret: from stdin, a file, or a prompt that does not show it. */
export async function staticSecret(
  context: Context,
  { stdin, file }: { readonly stdin?: boolean; readonly file?: string },
  prompt: string,
): Promise<string> {
  if (stdin === true) return firstLine(await readStdin(), 'stdin')
  if (file !== undefined) return firstLine(await readSecretFile(file), file)
  if (!context.terminal.isInteractive) {
    throw new Failure('bad_request', 'there is no terminal to ask for the secret on', { hint: 'give it with --stdin or --file' })
  }
  const value = await ask(context, prompt)
  if (value !== '') return value
  throw new Failure('bad_request', 'nothing was entered', { hint: 'try again' })
}

/** A passphrase that opens the vault. */
export async function passphrase(context: Context, fromStdin: boolean): Promise<string | undefined> {
  if (fromStdin) return firstLine(await readStdin(), 'stdin')
  if (!context.terminal.isInteractive) return undefined
  return ask(context, 'passphrase: ')
}

/** A new one: asked for twice. */
export async function newPassphrase(context: Context, fromStdin: boolean): Promise<string> {
  if (fromStdin) return firstLine(await readStdin(), 'stdin')
  if (!context.terminal.isInteractive) {
    throw new Failure('bad_request', 'there is no terminal to ask for a passphrase on', {
      hint: 'give it with --passphrase-stdin',
    })
  }
  const first = await ask(context, 'new passphrase: ')
  if (first === '')
    throw new Failure('bad_request', 'an empty passphrase protects nothing', { hint: 'choose one of several words' })
  const second = await ask(context, 'once more: ')
  if (first !== second) throw new Failure('bad_request', 'the two are not the same', { hint: 'try again' })
  return first
}

async function ask(context: Context, prompt: string): Promise<string> {
  const { read } = await import('read')
  try {
    return await read({ prompt, silent: true, replace: '', output: process.stderr })
  } catch {
    throw new Failure('cancelled', 'cancelled')
  } finally {
    context.terminal.say('')
  }
}

const readStdin = async (): Promise<string> =>
  (await readUpTo(process.stdin, maxBytes, () => new Failure('too_large', 'stdin holds more than a secret'))).toString()

async function readSecretFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new Failure('bad_request', `${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`, {
      hint: 'name a file that you can read',
    })
  }
}

function firstLine(text: string, where: string): string {
  const [line = ''] = text.split(/\r?\n/)
  if (line === '') throw new Failure('bad_request', `${where} holds no secret`, { hint: 'it is the first line that counts' })
  return line
}
