// Entry of the thin client in TypeScript, for machines without the native one: called through a link to this program, as
// `authsock-client NAME ...`, or as `authsock NAME ...`.

import { basename } from 'node:path'
import { asFailure, Failure } from '../core/failures.ts'
import { findHelper, helperOfProgram } from '../wire/helper-table.ts'
import { failureLines } from '../core/util/failure-text.ts'

interface Invocation {
  readonly name: string
  readonly args: readonly string[]
}

/** The name that this program was started by: that of a link, or the one after `--as` in a command file. */
export function startedAs(path: string, args: readonly string[]): Invocation {
  if (args[0] === '--as' && args[1] !== undefined) return { name: args[1], args: args.slice(2) }
  return { name: basename(path).replace(/\.([jt]s|exe)$/, ''), args }
}

/** The exit code; undefined if this is not a call of a helper. */
export async function helperMain({ name, args }: Invocation, env: NodeJS.ProcessEnv = process.env): Promise<number | undefined> {
  const byName = helperOfProgram(name)
  const [verb = '', ...rest] = args
  // `authsock token` and `authsock password` are commands with help and --json.
  const isCommand = name !== 'authsock-client' && (verb === 'token' || verb === 'password')
  const helper = byName?.helper ?? (isCommand ? undefined : findHelper(verb))
  if (helper === undefined && name !== 'authsock-client') return undefined
  const asksForHelp = rest.includes('--help') || rest.includes('-h')
  if (byName === undefined && name !== 'authsock-client' && asksForHelp) return undefined
  try {
    if (verb === 'relay' && byName === undefined) {
      throw new Failure('bad_request', 'only the native thin client can be the other side of a relay', {
        hint: 'install the native thin client for this platform; it is a single file',
      })
    }
    if (helper === undefined) {
      throw new Failure('bad_request', verb === '' ? 'missing the name of a helper' : `unknown helper '${verb}'`, {
        hint: '`authsock help helpers` lists them',
      })
    }
    const given = byName === undefined ? rest : [...(byName.first === undefined ? [] : [byName.first]), ...args]
    const program = byName === undefined ? (helper.programs[0] ?? helper.name) : name
    const { runHelper } = await import('./helper-client.ts')
    return await runHelper({ helper, program, args: given, env })
  } catch (error) {
    const failure = asFailure(error)
    process.stderr.write(`${failureLines(failure).join('\n')}\n`)
    return failure.exitCode
  }
}
