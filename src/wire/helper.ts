// The encoding of a helper call, which C can write and read without JSON. The request body is one line for each argument and variable
// (`arg VALUE`, `env NAME=VALUE`), an empty line, then stdin unchanged; control characters and `%` in a value are written as `%XX`. The
// response body is stdout followed by stderr; its headers say where to split it. A caller that accepts only problem documents is not a
// tool and gets one for a failure.

import { Failure } from '../core/failures.ts'

export const helperType = 'application/vnd.authsock.helper'

export const helperHeaders = {
  /** How many bytes of the body are stdout. */
  stdout: 'Authsock-Stdout',
  /** The exit code; absent if the tool will send another request. */
  exit: 'Authsock-Exit',
  /** The profile to log in to before repeating the request. */
  login: 'Authsock-Login',
  /** Set if the client must run the next program of the same name on the PATH instead. */
  passOn: 'Authsock-Pass-On',
} as const

export interface HelperCall {
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Whether the client can prompt on a terminal. */
  readonly terminal: boolean
  readonly stdin: Uint8Array
}

const escape = (text: string): string =>
  text.replaceAll(/[\p{Cc}%]/gu, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`)

const unescape = (text: string): string =>
  text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))

export function encodeHelperCall({ args, env, terminal, stdin }: HelperCall): Buffer {
  const lines = [
    ...args.map((arg) => `arg ${escape(arg)}`),
    ...Object.entries(env).map(([name, value]) => `env ${name}=${escape(value)}`),
    ...(terminal ? ['terminal'] : []),
  ]
  return Buffer.concat([Buffer.from(lines.map((line) => `${line}\n`).join('') + '\n'), stdin])
}

/** Throws bad_request. Ignores lines of an unknown kind, for later versions. */
export function decodeHelperCall(body: Buffer): HelperCall {
  const args: string[] = []
  const env: Record<string, string> = {}
  let terminal = false
  for (let start = 0; ;) {
    const end = body.indexOf(0x0a, start)
    if (end < 0) throw new Failure('bad_request', 'malformed helper call: the empty line after the head is missing')
    const line = body.toString('utf8', start, end)
    start = end + 1
    if (line === '') return { args, env, terminal, stdin: body.subarray(start) }
    const [kind, value] = [line.slice(0, 4), unescape(line.slice(4))]
    const mark = value.indexOf('=')
    if (kind === 'arg ') args.push(value)
    else if (kind === 'env ' && mark > 0) env[value.slice(0, mark)] = value.slice(mark + 1)
    else if (line === 'terminal') terminal = true
  }
}
