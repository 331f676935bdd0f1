// `npm run demo`: fifty processes and one single-use refresh token, with authsock and without. Needs Node alone; about half a minute.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleProgram } from '../../scripts/bundle.ts'
import { type AuthorizationServer, startAuthorizationServer } from '../support/authorization-server.ts'
import { Home } from '../support/home.ts'
import { logIn, workProfile } from '../support/login.ts'
import { type CrowdOptions, runCrowd } from './crowd.ts'
import { logInToFile } from './log-in-to-file.ts'
import { heading, line, table } from './show.ts'
import { refreshFile } from './token-file.ts'

const processes = Number(process.env['DEMO_PROCESSES'] ?? 50)
/** Seconds an access token lives. */
const lifetime = Number(process.env['DEMO_LIFETIME'] ?? 8)
/** Each process asks three times, so far apart that the token expires in between. */
const crowd = { processes, times: 3, pauseMs: lifetime * 600 }
const asked = crowd.processes * crowd.times

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

let home: Home | undefined
let server: AuthorizationServer | undefined
let build: string | undefined

async function main(): Promise<number> {
  line(`${processes} tools, one login. The server rotates refresh tokens: each is good for one use, and using one`)
  line(`twice revokes the login. Access tokens live for ${lifetime} seconds.`)
  const cache = here('../../node_modules/.cache')
  mkdirSync(cache, { recursive: true })
  build = mkdtempSync(join(cache, 'authsock-demo-'))
  await bundleProgram(build)
  home = new Home()
  home.program = join(build, 'main.js')

  const first = await withAgent(home, build)
  if (first === undefined) return 1
  const second = await withFile(home)

  heading('What happened')
  table(
    ['', 'with authsock', 'token file'],
    [
      ['tokens asked for', String(asked), String(asked)],
      ['tokens given', String(first.tokens), String(second.tokens)],
      ['failures', String(first.failures), String(second.failures)],
      ['refreshes sent to the server', String(first.refreshes), String(second.refreshes)],
      ['at the same time, at most', String(first.inFlight), String(second.inFlight)],
      ['the login afterwards', first.login, second.login],
    ],
  )
  const { tokens, failures, inFlight, refreshes, login } = first
  const held = tokens === asked && failures === 0 && inFlight <= 1 && refreshes > 0 && login === 'alive'
  line('')
  line(
    held
      ? 'authsock refreshed once each time, and every process got the answer.'
      : 'authsock did not do what it promises: please report this.',
  )
  return held ? 0 : 1
}

interface Outcome {
  readonly tokens: number
  readonly failures: number
  readonly refreshes: number
  readonly inFlight: number
  readonly login: string
}

/** Undefined if the login fails. */
async function withAgent(at: Home, library: string): Promise<Outcome | undefined> {
  heading('1. With authsock')
  const lab = await startServer()
  at.config(workProfile(lab))
  await at.startAgent()
  line('The agent runs in a scratch home. Logging in with a code, which the demo enters at the server by itself:')
  line('  $ authsock login work --device')
  const login = await logIn(at, lab, ['work', '--device'])
  for (const text of login.stderr.trim().split('\n')) line(`  ${text}`)
  if (login.code !== 0) return undefined
  line(`Starting ${processes} processes at once; each asks for a token ${crowd.times} times, across an expiry ...`)
  const env = { ...at.env, DEMO_LIBRARY: join(library, 'client/index.js') }
  const report = await runCrowd(here('with-agent.ts'), env, { ...crowd, server: lab })
  const { refreshes, maxInFlight: inFlight } = lab
  const status = JSON.parse((await at.run(['status', '--json'])).stdout) as { sessions: { state: string }[] }
  const state = status.sessions[0]?.state ?? 'unknown'
  await at.run(['stop'])
  await lab.close()
  return { ...report, refreshes, inFlight, login: state === 'active' ? 'alive' : state }
}

async function withFile(at: Home): Promise<Outcome> {
  heading('2. Without: each process refreshes for itself, from a token file that all share')
  const lab = await startServer()
  const file = await logInToFile(at.path, lab)
  line(`The same ${processes} processes, the same server, a token file as many tools keep one ...`)
  const env = { ...at.env, DEMO_FILE: file, DEMO_SERVER: lab.issuer, DEMO_CLIENT: lab.clientId }
  const report = await runCrowd(here('with-file.ts'), env, { ...crowd, server: lab })
  const { refreshes, maxInFlight: inFlight } = lab
  const isAlive = (await refreshFile(file, lab)) !== undefined
  return { ...report, refreshes, inFlight, login: isAlive ? 'alive' : 'revoked: log in again' }
}

/** Answers a refresh after 100 ms. */
async function startServer(): Promise<CrowdOptions['server']> {
  server = await startAuthorizationServer({ accessTokenTtl: lifetime, delay: 100 })
  return server
}

async function cleanUp(): Promise<void> {
  await home?.close()
  await server?.close().catch(() => {})
  if (build !== undefined) rmSync(build, { recursive: true, force: true })
}

process.once('SIGINT', () => {
  void cleanUp().finally(() => process.exit(130))
})

try {
  process.exitCode = await main()
} finally {
  await cleanUp()
}
