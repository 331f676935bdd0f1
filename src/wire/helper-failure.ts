// How a failure is told to a tool: in the form of its row in helper-table.ts, otherwise on stderr. Used by the adapters in the agent and
// by the thin client's twin; the C client has the same in C.

import type { Failure } from '../core/failures.ts'
import { stripControls } from '../core/util/text.ts'
import type { FailureForm } from './helper-table.ts'

export interface ToolAnswer {
  readonly stdout: string
  readonly stderr: string
  readonly exit: number
}

/** `authsock: MESSAGE`, then `hint: HINT`, as the command line prints it. Safe to show on a terminal, whatever the message contains. */
export function failureText({ message, hint }: Failure): string {
  const last = hint === '' ? '' : `hint: ${stripControls(hint)}\n`
  return `authsock: ${stripControls(message).replaceAll('\n', '\n          ')}\n${last}`
}

/** The same on one line, for tools that show only the first. */
export const failureLine = ({ message, hint }: Failure): string =>
  stripControls(`authsock: ${message}${hint === '' ? '' : `; ${hint}`}`).replaceAll('\n', '; ')

export function failureAnswer(failure: Failure, form: FailureForm | undefined): ToolAnswer {
  if (form === undefined) return { stdout: '', stderr: failureText(failure), exit: failure.exitCode }
  const line = failureLine(failure)
  const message = form.isJson ? JSON.stringify(line).slice(1, -1) : line
  return {
    stdout: form.stdout.replace('{status}', String(failure.status)).replace('{message}', () => message),
    stderr: form.stderr ? failureText(failure) : '',
    exit: form.exit ?? failure.exitCode,
  }
}
