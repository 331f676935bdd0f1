// Runs one command as a child: the child gets the terminal and the signals, and its exit code is returned.

import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { Failure } from '../../core/failures.ts'
import { isForegroundProcess } from '../../platform/process/foreground.ts'
import type { Context } from '../context.ts'

const forwardedSignals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGWINCH', 'SIGUSR1', 'SIGUSR2'] as const
/** As shells exit. */
const commandNotFound = 127
const notExecutable = 126

/** The exit code: the command's own, or 128 and the signal that ended it. `onStderr` sees its stderr, which is passed on. */
export async function runChild(
  name: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  { terminal, asJson }: Context,
  onStderr?: (text: string) => void,
): Promise<number> {
  // From before the start: a signal in between must not end this process and leave the child running.
  const early: NodeJS.Signals[] = []
  let send = (signal: NodeJS.Signals): void => void early.push(signal)
  const forward = (signal: NodeJS.Signals): void => {
    if (!isFromKeyboard(signal)) send(signal)
  }
  const signals = forwardedSignals.filter((signal) => process.platform !== 'win32' || signal !== 'SIGUSR1')
  for (const signal of signals) process.on(signal, forward)
  try {
    const child = spawn(name, args, { stdio: ['inherit', 'inherit', onStderr === undefined ? 'inherit' : 'pipe'], env })
    child.stderr?.on('data', (chunk: Buffer) => onStderr?.(chunk.toString()))
    child.stderr?.pipe(process.stderr, { end: false })
    return await new Promise<number>((resolve, reject) => {
      child.on('spawn', () => {
        send = (signal) => void child.kill(signal)
        for (const signal of early) child.kill(signal)
      })
      child.on('error', (error: NodeJS.ErrnoException) => {
        // Also emitted if a signal could not be sent.
        if (child.pid === undefined) reject(error)
      })
      child.on('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])))
    })
  } catch (error) {
    return reportNotStarted(name, error as NodeJS.ErrnoException, { terminal, asJson })
  } finally {
    for (const signal of signals) process.off(signal, forward)
  }
}

/** Reports why the command did not start; the exit code. */
export function reportNotStarted(
  name: string,
  error: NodeJS.ErrnoException,
  { terminal, asJson }: Pick<Context, 'terminal' | 'asJson'>,
) {
  terminal.failure(startFailure(name, error.code, error), asJson)
  return error.code === 'ENOENT' ? commandNotFound : notExecutable
}

function startFailure(name: string, code: string | undefined, cause: unknown): Failure {
  switch (code) {
    case 'ENOENT':
      return new Failure('bad_request', `command not found: ${name}`, {
        hint: 'check its name, the PATH, and the interpreter that a script names',
        cause,
      })
    case 'EACCES':
      return new Failure('bad_request', `not executable: ${name}`, { hint: `chmod +x ${name}`, cause })
    default:
      return new Failure('bad_request', `cannot start ${name}: ${code}`, { hint: 'check the command', cause })
  }
}

/** Ctrl-C and Ctrl-\\ reach every process of the foreground group, the child included: it must not get them twice. */
const isFromKeyboard = (signal: NodeJS.Signals): boolean =>
  (signal === 'SIGINT' || signal === 'SIGQUIT') && (process.platform === 'win32' || isForegroundProcess())
