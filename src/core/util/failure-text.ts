// A Failure as a person reads it on stderr: `authsock: ...`, continuation lines, `hint: ...`. For the command line and for the
// thin client in TypeScript.

import type { Failure } from '../failures.ts'
import { stripControls } from './text.ts'

/** Aligns the lines below the first one with its text. */
const indent = ' '.repeat('authsock: '.length)

/** Without controls; at least one line. */
export function failureLines({ code, message, hint }: Failure): readonly string[] {
  const [first = code, ...more] = stripControls(message).split('\n')
  return [
    `authsock: ${first}`,
    ...more.map((line) => `${indent}${line}`),
    ...(hint === '' ? [] : [`hint: ${stripControls(hint)}`]),
  ]
}
