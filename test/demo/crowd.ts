// Many processes of one program that ask for tokens at the same moments, as tools do that a build, a shell or a clock starts.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { AuthorizationServer } from '../support/authorization-server.ts'
import { readLines } from './report.ts'
import { liveLine } from './show.ts'

export interface CrowdOptions {
  readonly processes: number
  /** How often each asks. */
  readonly times: number
  /** Between two moments. */
  readonly pauseMs: number
  readonly server: AuthorizationServer
}

export interface Report {
  readonly tokens: number
  readonly failures: number
}

/** Starts all processes, sends them off together when the last is ready, and shows what happens until they have ended. */
export async function runCrowd(
  program: string,
  env: NodeJS.ProcessEnv,
  { processes, times, pauseMs, server }: CrowdOptions,
): Promise<Report> {
  let [ready, tokens, failures] = [0, 0, 0]
  const asked = processes * times
  const endLine = liveLine(
    () =>
      `processes ${ready}/${processes}   tokens ${tokens}/${asked}   failures ${failures}   ` +
      `refreshes ${server.refreshes} (at the same time, at most: ${server.maxInFlight})`,
  )
  const children = Array.from({ length: processes }, () => {
    const child = spawn(process.execPath, [program], { env, stdio: ['pipe', 'pipe', 'inherit'] })
    return { child, lines: readLines(child.stdout) }
  })
  try {
    await Promise.all(children.map(({ lines }) => lines.next().then(() => (ready += 1))))
    const moments = Array.from({ length: times }, (_, round) => Date.now() + 500 + round * pauseMs)
    for (const { child } of children) child.stdin.end(`${JSON.stringify(moments)}\n`)
    const counts = { token: () => (tokens += 1), failure: () => (failures += 1) }
    await Promise.all(children.map(({ lines }) => readAnswers(lines, times, counts)))
    await Promise.all(children.map(({ child }) => hasEnded(child)))
    return { tokens, failures }
  } finally {
    for (const { child } of children) child.kill()
    endLine()
  }
}

/** A process that ends early has failed in what is left. */
async function readAnswers(
  lines: AsyncIterator<string>,
  times: number,
  count: { readonly token: () => void; readonly failure: () => void },
): Promise<void> {
  for (let time = 0; time < times; time++) {
    const { value } = await lines.next()
    if (value === 'token') count.token()
    else count.failure()
  }
}

async function hasEnded(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}
