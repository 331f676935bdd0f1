// Asks the user on the desktop: by the command in config.toml, or by a program of the desktop. The question never passes through
// a shell; the program answers by its output and exit code.

import { spawn } from 'node:child_process'
import type { ApprovalReply } from '../../core/access/approval.ts'
import { desktops, isOnPath } from './environment.ts'
import { byCommand, promptProgramsOf, type PromptProgram, type PromptQuestion } from './prompt-programs.ts'

/** Undefined if no program could ask: the user then answers by `authsock approve`. */
export async function askOnDesktop(
  command: readonly string[] | undefined,
  question: PromptQuestion,
  signal: AbortSignal,
): Promise<ApprovalReply | undefined> {
  if (command !== undefined) {
    for await (const env of desktops()) return ask(byCommand(command), question, env, signal)
    return ask(byCommand(command), question, process.env, signal)
  }
  for await (const env of desktops()) {
    for (const program of promptProgramsOf(process.platform)) {
      if (signal.aborted) return undefined
      if (process.platform === 'linux' && !isOnPath(program.name, env)) continue
      const reply = await ask(program, question, env, signal)
      if (reply !== undefined) return reply
    }
  }
  return undefined
}

const maxOutputChars = 4_000

function ask(program: PromptProgram, question: PromptQuestion, env: NodeJS.ProcessEnv, signal: AbortSignal) {
  return new Promise<ApprovalReply | undefined>((resolve) => {
    // A process group of its own: a script may show the window from a child, which must end with it.
    const hasGroup = process.platform !== 'win32'
    const child = spawn(program.name, program.args(question), {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: hasGroup,
      windowsHide: true,
      env: { ...env, AUTHSOCK_QUESTION: question.text },
    })
    const end = (): void => {
      try {
        if (hasGroup && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
        else child.kill()
      } catch {
        // It has already ended.
      }
      resolve(undefined)
    }
    signal.addEventListener('abort', end, { once: true })
    if (signal.aborted) end()
    const output = { stdout: '', stderr: '' }
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].on('data', (chunk: Buffer) => {
        output[stream] = (output[stream] + chunk.toString()).slice(0, maxOutputChars)
      })
    }
    child.stdin.on('error', () => {})
    child.stdin.end(program.input?.(question) ?? '')
    child.on('error', () => resolve(undefined))
    child.on('close', (code) => {
      signal.removeEventListener('abort', end)
      // null: killed by a signal, so there is no answer.
      resolve(code === null ? undefined : program.reply(code, output.stdout.trim(), output.stderr))
    })
  })
}
