// Asking the user on the desktop: by the command that config.toml names, or by what the desktop has. The question never passes a
// shell; what the program prints, and how it ends, is the answer.

import { spawn } from 'node:child_process'
import type { ApprovalReply } from '../../core/access/approval.ts'
import { desktops, isOnPath } from './environment.ts'
import { byCommand, ofDesktop, type PromptProgram, type PromptQuestion } from './prompt-programs.ts'

/** Undefined where nobody can be asked in this way: then `authsock approve` is what is left. */
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
    for (const program of ofDesktop(process.platform)) {
      if (signal.aborted) return undefined
      if (process.platform === 'linux' && !isOnPath(program.name, env)) continue
      const reply = await ask(program, question, env, signal)
      if (reply !== undefined) return reply
    }
  }
  return undefined
}

/** What a program has to say is short. */
const longest = 4_000

function ask(program: PromptProgram, question: PromptQuestion, env: NodeJS.ProcessEnv, signal: AbortSignal) {
  return new Promise<ApprovalReply | undefined>((resolve) => {
    // A group of its own: a script of the user's has the window in a child, and that must go with it.
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
        // It has ended meanwhile.
      }
      resolve(undefined)
    }
    signal.addEventListener('abort', end, { once: true })
    if (signal.aborted) end()
    const said = { stdout: '', stderr: '' }
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].on('data', (chunk: Buffer) => {
        said[stream] = (said[stream] + chunk.toString()).slice(0, longest)
      })
    }
    child.stdin.on('error', () => {})
    child.stdin.end(program.input?.(question) ?? '')
    child.on('error', () => resolve(undefined))
    child.on('close', (code) => {
      signal.removeEventListener('abort', end)
      // Killed: nobody has answered.
      resolve(code === null ? undefined : program.reply(code, said.stdout.trim(), said.stderr))
    })
  })
}
