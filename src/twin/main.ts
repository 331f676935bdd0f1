// A tool's call of its helper where the thin client is not there to take it: by a link to this program, as
// `authsock-client NAME ...`, or as `authsock NAME ...`.

import { basename } from 'node:path'
import { asFailure, Failure } from '../core/failures.ts'
import { runHelper } from './helper-client.ts'
import { findHelper, helperOfProgram } from '../wire/helper-table.ts'
import { Terminal } from '../cli/terminal.ts'

interface Named {
  readonly name: string
  readonly args: readonly string[]
}

/** What this program was started as: by the name of a link, or as a command file says with `--as NAME`. */
export function startedAs(argv: readonly string[]): Named {
  const [, path = '', ...args] = argv
  if (args[0] === '--as' && args[1] !== undefined) return { name: args[1], args: args.slice(2) }
  return { name: basename(path).replace(/\.[jt]s$/, ''), args }
}

/** Undefined where no helper is meant; else the exit code. */
export async function helperMain({ name, args }: Named, env: NodeJS.ProcessEnv = process.env): Promise<number | undefined> {
  const byName = helperOfProgram(name)
  const [verb = '', ...rest] = args
  // These are commands of their own, with help and --json.
  const isCommand = name !== 'authsock-client' && (verb === 'token' || verb === 'password')
  const helper = byName?.helper ?? (isCommand ? undefined : findHelper(verb))
  if (helper === undefined && name !== 'authsock-client') return undefined
  const isAsked = rest.includes('--help') || rest.includes('-h')
  if (byName === undefined && name !== 'authsock-client' && isAsked) return undefined
  try {
    if (verb === 'relay' && byName === undefined) {
      throw new Failure('bad_request', 'only the native thin client can be the far end of a relay', {
        hint: 'put the one for this platform here: it needs nothing else',
      })
    }
    if (helper === undefined) {
      throw new Failure('bad_request', verb === '' ? 'no helper is named' : `there is no helper '${verb}'`, {
        hint: '`authsock help helpers` lists them',
      })
    }
    const given = byName === undefined ? rest : [...(byName.first === undefined ? [] : [byName.first]), ...args]
    const program = byName === undefined ? (helper.programs[0] ?? helper.name) : name
    return await runHelper({ helper, program, args: given, env })
  } catch (error) {
    const failure = asFailure(error)
    new Terminal().failure(failure, false)
    return failure.exitCode
  }
}
