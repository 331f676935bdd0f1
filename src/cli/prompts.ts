// Questions on the terminal, and secrets: from a prompt that does not show them, from stdin, a file or the environment, and
// never from arguments, which every process of the machine can read.

import { readFile } from 'node:fs/promises'
import { Failure } from '../core/failures.ts'
import { readUpTo } from '../platform/read-up-to.ts'
import type { Context } from './context.ts'

const maxSecretBytes = 64 * 1024

export interface SecretOptions {
  readonly clientSecretStdin?: boolean
  readonly clientSecretFile?: string
}

/** Whether an option names a source. The environment is no such option: its secret may be meant for another profile. */
export const namesSecret = ({ clientSecretStdin, clientSecretFile }: SecretOptions): boolean =>
  clientSecretStdin === true || clientSecretFile !== undefined

/** Undefined if none is given and there is no terminal to ask on. */
export async function clientSecret(
  context: Context,
  options: SecretOptions,
  prompt: string | undefined,
): Promise<string | undefined> {
  if (options.clientSecretStdin === true) return onlyLine(await readStdin(), 'stdin')
  if (options.clientSecretFile !== undefined)
    return onlyLine(await readSecretFile(options.clientSecretFile), options.clientSecretFile)
  const fromEnvironment = context.env['AUTHSOCK_CLIENT_SECRET']
  if (fromEnvironment !== undefined && fromEnvironment !== '') return fromEnvironment
  if (prompt === undefined || !context.terminal.isInteractive) return undefined
  return askSecret(context, prompt)
}

/** A static secret, which may have many lines (PEM). */
export async function staticSecret(
  context: Context,
  { stdin, file }: { readonly stdin?: boolean; readonly file?: string },
  prompt: string,
): Promise<string> {
  if (stdin === true) return wholeText(await readStdin(), 'stdin')
  if (file !== undefined) return wholeText(await readSecretFile(file), file)
  if (!context.terminal.isInteractive) {
    throw new Failure('bad_request', 'cannot ask for the secret without a terminal', { hint: 'use --stdin or --file PATH' })
  }
  const value = await askSecret(context, prompt)
  if (value !== '') return value
  throw new Failure('bad_request', 'no secret was entered', { hint: 'try again' })
}

/** The passphrase of the vault; undefined if there is no terminal to ask on. */
export async function passphrase(context: Context, fromStdin: boolean): Promise<string | undefined> {
  if (fromStdin) return onlyLine(await readStdin(), 'stdin')
  if (!context.terminal.isInteractive) return undefined
  return askSecret(context, 'passphrase: ')
}

/** A new passphrase, which has to be typed twice. */
export async function newPassphrase(context: Context, fromStdin: boolean): Promise<string> {
  if (fromStdin) return onlyLine(await readStdin(), 'stdin')
  if (!context.terminal.isInteractive) {
    throw new Failure('bad_request', 'cannot ask for a passphrase without a terminal', { hint: 'use --passphrase-stdin' })
  }
  const first = await askSecret(context, 'new passphrase: ')
  if (first === '') throw new Failure('bad_request', 'the passphrase is empty', { hint: 'choose one of several words' })
  const second = await askSecret(context, 'repeat the passphrase: ')
  if (first !== second) throw new Failure('bad_request', 'the passphrases do not match', { hint: 'try again' })
  return first
}

/** A line that is shown as it is typed. Throws cancelled, also when `signal` is aborted. */
export async function ask(prompt: string, signal?: AbortSignal): Promise<string> {
  const { createInterface } = await import('node:readline')
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await new Promise<string>((resolve, reject) => {
      const cancel = (): void => reject(new Failure('cancelled', 'cancelled'))
      // Ctrl-C, the end of the input, or an answer from elsewhere.
      lines.on('SIGINT', cancel)
      lines.on('close', cancel)
      signal?.addEventListener('abort', cancel, { once: true })
      lines.question(prompt, (line) => resolve(line.trim()))
    })
  } finally {
    lines.close()
  }
}

/** Throws cancelled. */
async function askSecret(context: Context, prompt: string): Promise<string> {
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
  (
    await readUpTo(process.stdin, maxSecretBytes, () => new Failure('too_large', `stdin is larger than ${maxSecretBytes} bytes`))
  ).toString()

async function readSecretFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new Failure('bad_request', `cannot read ${path}: ${(error as NodeJS.ErrnoException).code}`, {
      hint: 'name a file that you can read',
    })
  }
}

/** For client secrets and passphrases. More than one line is refused: a part of a secret is none (H6). */
function onlyLine(text: string, source: string): string {
  const value = wholeText(text, source)
  if (!/[\r\n]/.test(value)) return value
  throw new Failure('bad_request', `${source} has more than one line`, { hint: 'give the secret on a single line' })
}

/** Without the line feed at its end, which editors and `echo` add. */
function wholeText(text: string, source: string): string {
  const value = text.replace(/\r?\n$/, '')
  if (value !== '') return value
  throw new Failure('bad_request', `${source} holds no secret`, { hint: 'check that it is not empty' })
}
