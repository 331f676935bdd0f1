// One command as a child: it has the terminal and the signals, and its end is ours.

import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { Failure } from '../../core/failures.ts'
import type { Context } from '../context.ts'

const passedOn = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGWINCH', 'SIGUSR1', 'SIGUSR2'] as const
/** As shells do. */
const notThere = 127
const notExecutable = 126

/** The exit code: the command's own, or 128 and the signal that ended it. With `onStderr`, its stderr is looked at as it passes. */
export async function runChild(
  name: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  { terminal, asJson }: Context,
  onStderr?: (text: string) => void,
): Promise<number> {
  // Before it starts: what comes in between must not end this process and leave the child alone.
  const early: NodeJS.Signals[] = []
  let pass = (signal: NodeJS.Signals): void => void early.push(signal)
  const forward = (signal: NodeJS.Signals): void => {
    if (!isFromKeyboard(signal)) pass(signal)
  }
  const signals = passedOn.filter((signal) => process.platform !== 'win32' || signal !== 'SIGUSR1')
  for (const signal of signals) process.on(signal, forward)
  try {
    const child = spawn(name, args, { stdio: ['inherit', 'inherit', onStderr === undefined ? 'inherit' : 'pipe'], env })
    child.stderr?.on('data', (chunk: Buffer) => onStderr?.(chunk.toString()))
    child.stderr?.pipe(process.stderr, { end: false })
    return await new Promise<number>((resolve, reject) => {
      child.on('spawn', () => {
        pass = (signal) => void child.kill(signal)
        for (const signal of early) child.kill(signal)
      })
      child.on('error', (error: NodeJS.ErrnoException) => {
        // A signal that could not be sent is no end.
        if (child.pid === undefined) reject(error)
      })
      child.on('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])))
    })
  } catch (error) {
    return notStarted(name, error as NodeJS.ErrnoException, { terminal, asJson })
  } finally {
    for (const signal of signals) process.off(signal, forward)
  }
}

/** Says why; gives the exit code. */
export function notStarted(
  name: string,
  error: NodeJS.ErrnoException,
  { terminal, asJson }: Pick<Context, 'terminal' | 'asJson'>,
) {
  terminal.failure(cannotStart(name, error.code, error), asJson)
  return error.code === 'ENOENT' ? notThere : notExecutable
}

function cannotStart(name: string, code: string | undefined, cause: unknown): Failure {
  switch (code) {
    case 'ENOENT':
      return new Failure('bad_request', `there is no command '${name}'`, {
        hint: 'check its name, the PATH, and the interpreter that a script names',
        cause,
      })
    case 'EACCES':
      return new Failure('bad_request', `'${name}' is not executable`, { hint: '`chmod +x` makes it so', cause })
    default:
      return new Failure('bad_request', `'${name}' cannot be started: ${code}`, { hint: 'check the command', cause })
  }
}

/** What a key of the terminal sends goes to all that stand in its foreground, and the child is one of them: twice is too often. */
function isFromKeyboard(signal: NodeJS.Signals): boolean {
  if (signal !== 'SIGINT' && signal !== 'SIGQUIT') return false
  return process.platform === 'win32' || isInForeground()
}

function isInForeground(): boolean {
  try {
    // proc(5): after the name in parentheses come state, ppid, pgrp, session, tty_nr, tpgid.
    const [, , group, , , foreground] = readFileSync('/proc/self/stat', 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return group === foreground
  } catch {
    return [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY)
  }
}
