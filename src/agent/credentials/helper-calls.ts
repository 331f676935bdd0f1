// Carries out `POST /v1/helper/{name}`, a tool's call of its helper. The answer always has the form that the thin client expects,
// whether the call succeeds or fails.

import { asFailure, Failure } from '../../core/failures.ts'
import { closest } from '../../core/util/closest.ts'
import type { Helper, HelperAnswer, HelperPorts, HelperRequest } from '../../helpers/ports.ts'
import { adapters } from '../../helpers/index.ts'
import { failureAnswer } from '../../wire/helper-failure.ts'
import { findHelper, type HelperName, type HelperRow, helpers } from '../../wire/helper-table.ts'
import { decodeHelperCall, helperHeaders } from '../../wire/helper.ts'

export interface HelperOutcome {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** For the log: a defect of authsock, not a mistake of the tool. */
  readonly defect?: Failure
}

interface HelperContext {
  readonly ports: HelperPorts
  /** For callers that are no tools: a failure is thrown, and not put into the form of the tool's protocol. */
  readonly throws: boolean
  /** Whether config.toml lets tools start a login. */
  readonly mayLogIn: () => Promise<boolean>
}

/** Synchronous if the adapter is. Throws (rejects with) a Failure only if the context says so. */
export function callHelper(name: string, body: Buffer, context: HelperContext): HelperOutcome | Promise<HelperOutcome> {
  const row = findHelper(name)
  if (row === undefined) return outcome(failureAnswer(unknownHelper(name), undefined))
  const helper = loaded.get(row.name)
  return helper === undefined ? load(row.name).then((each) => call(row, each, body, context)) : call(row, helper, body, context)
}

function call(row: HelperRow, helper: Helper, body: Buffer, context: HelperContext): HelperOutcome | Promise<HelperOutcome> {
  let request: HelperRequest = { args: [], env: {}, stdin: '' }
  let terminal = false
  try {
    const call = decodeHelperCall(body)
    terminal = call.terminal
    request = { args: call.args, env: call.env, stdin: Buffer.from(call.stdin).toString() }
    const answer = helper.run(request, context.ports)
    return answer instanceof Promise
      ? answer.then((each) => outcome(each)).catch((error: unknown) => explained(row, helper, request, terminal, error, context))
      : outcome(answer)
  } catch (error) {
    return explained(row, helper, request, terminal, error, context)
  }
}

/** In the form of the tool's protocol. */
async function explained(
  row: HelperRow,
  helper: Helper,
  request: HelperRequest,
  terminal: boolean,
  error: unknown,
  { throws, mayLogIn }: HelperContext,
): Promise<HelperOutcome> {
  const failure = asFailure(error)
  if (throws) throw failure
  const { profile } = failure.details
  const needsLogin = failure.code === 'login_required' || failure.code === 'login_pending'
  const isBatch = (): boolean => !terminal || attempt(() => helper.isBatch?.(request)) === true
  const login = needsLogin && profile !== undefined && !isBatch() && (await mayLogIn()) ? profile : undefined
  const answer = attempt(() => helper.fail?.(failure, request)) ?? inTheFormOf(row, failure)
  return { ...outcome(answer, login), ...(failure.code === 'unexpected' ? { defect: failure } : {}) }
}

/** After a failure in a conversation the tool may send its next request. */
const inTheFormOf = (row: HelperRow, failure: Failure): HelperAnswer => ({
  ...failureAnswer(failure, row.failure),
  ...(row.stdin === 'lines' ? { next: 'more' as const } : {}),
})

function unknownHelper(name: string): Failure {
  const names = helpers.map((each) => each.name)
  const close = closest(name, names)
  const hint = close === undefined ? `known are ${names.join(', ')}` : `did you mean '${close}'?`
  return new Failure('not_found', `there is no helper '${name.slice(0, 40)}'`, { hint })
}

const loaded = new Map<HelperName, Helper>()

async function load(name: HelperName): Promise<Helper> {
  const helper = await adapters[name]()
  loaded.set(name, helper)
  return helper
}

/** An adapter that could not read a request may fail again when it reports the failure. */
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
