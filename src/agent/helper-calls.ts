// `POST /v1/helper/{name}`: a tool's call of its helper, carried out. Whatever happens, the answer is in the form that the
// thin client understands.

import { asFailure, Failure } from '../core/failures.ts'
import { closest } from '../core/words.ts'
import type { Helper, HelperAnswer, HelperPorts, HelperRequest } from '../helpers/ports.ts'
import { failed } from '../helpers/print.ts'
import { adapters } from '../helpers/index.ts'
import { findHelper, type HelperName, helpers } from '../wire/helper-table.ts'
import { decodeHelperCall, helperHeaders } from '../wire/helper.ts'

export interface HelperOutcome {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** For the log: a defect, not what a tool did wrong. */
  readonly defect?: Failure
}

interface Surroundings {
  readonly ports: HelperPorts
  /** For callers that are no tool: a failure is thrown, not put into a tool's words. */
  readonly throws: boolean
  /** Whether config.toml lets tools start a login. */
  readonly mayLogIn: () => Promise<boolean>
}

export async function callHelper(name: string, body: Buffer, { ports, throws, mayLogIn }: Surroundings): Promise<HelperOutcome> {
  const row = findHelper(name)
  if (row === undefined) {
    const close = closest(
      name,
      helpers.map((each) => each.name),
    )
    const hint = close === undefined ? `known are ${helpers.map((each) => each.name).join(', ')}` : `did you mean '${close}'?`
    return outcome(failed(new Failure('not_found', `there is no helper '${name.slice(0, 40)}'`, { hint })))
  }
  const helper = loaded.get(row.name) ?? (await load(row.name))
  let request: HelperRequest = { args: [], env: {}, stdin: '' }
  let terminal = false
  try {
    const call = decodeHelperCall(body)
    terminal = call.terminal
    request = { args: call.args, env: call.env, stdin: Buffer.from(call.stdin).toString() }
    return outcome(await helper.run(request, ports))
  } catch (error) {
    const failure = asFailure(error)
    if (throws) throw failure
    const { profile } = failure.details
    const needsLogin = failure.code === 'login_required' || failure.code === 'login_pending'
    const isBatch = (): boolean => !terminal || attempt(() => helper.isBatch?.(request)) === true
    const login = needsLogin && profile !== undefined && !isBatch() && (await mayLogIn()) ? profile : undefined
    const answer = attempt(() => helper.fail?.(failure, request)) ?? failed(failure)
    return { ...outcome(answer, login), ...(failure.code === 'unexpected' ? { defect: failure } : {}) }
  }
}

const loaded = new Map<HelperName, Helper>()

async function load(name: HelperName): Promise<Helper> {
  const helper = await adapters[name]()
  loaded.set(name, helper)
  return helper
}

/** What an adapter says of a request that it could not read may fail like the request did. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

function outcome({ stdout = '', stderr = '', exit = 0, next }: HelperAnswer, login?: string): HelperOutcome {
  return {
    headers: {
      [helperHeaders.stdout]: String(Buffer.byteLength(stdout)),
      ...(next === 'more' ? {} : { [helperHeaders.exit]: String(exit) }),
      ...(next === 'pass_on' ? { [helperHeaders.passOn]: '1' } : {}),
      ...(login === undefined ? {} : { [helperHeaders.login]: login }),
    },
    body: stdout + stderr,
  }
}
