// `npm run demo`: fifty processes and one single-use refresh token, with authsock and without. Needs Node alone.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type AuthorizationServer, startAuthorizationServer } from '../support/authorization-server.ts'
import { Home } from '../support/home.ts'
import { logIn, workProfile } from '../support/login.ts'
import { readLines, readReport, type Report } from './report.ts'
import { heading, line, table } from './show.ts'

const processes = Number(process.env['DEMO_PROCESSES'] ?? 50)
/** Seconds an access token lives. */
const lifetime = Number(process.env['DEMO_LIFETIME'] ?? 20)
/** Each process asks three times, all at the same moments (as tools do that a build, a shell or a clock starts), so far apart
 * that the token expires in between. */
const times = 3
const pause = lifetime * 600

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

let home: Home | undefined
let server: AuthorizationServer | undefined

async function main(): Promise<number> {
  line(`Fifty tools, one login. The server rotates refresh tokens: each is good for one use, and using one`)
  line(`twice revokes the login. Access tokens live for ${lifetime} seconds.`)
  server = await startAuthorizationServer({ accessTokenTtl: lifetime, delay: 100 })
  home = new Home()
  home.config(workProfile(server))

  heading('1. With authsock')
  await home.startAgent()
  line('The agent runs in a scratch home. Logging in with a code, which the demo enters at the server by itself:')
  line('  $ authsock login work --device')
  const login = await logIn(home, server, ['work', '--device'])
  for (const text of login.stderr.trim().split('\n')) line(`  ${text}`)
  if (login.code !== 0) return 1
  line(`Starting ${processes} processes at once; each asks for a token ${times} times, across an expiry ...`)
  const withAgent = await run('with-agent.ts', home.env)
  const refreshes = server.refreshes
  const inFlight = server.maxInFlight
  const session = await home.run(['status', '--json'])
  const state = (JSON.parse(session.stdout) as { sessions: { state: string }[] }).sessions[0]?.state ?? 'unknown'
  await home.run(['stop'])
  await server.close()

  heading('2. Without: each process refreshes for itself, from a token file they share')
  server = await startAuthorizationServer({ accessTokenTtl: lifetime, delay: 100 })
  const file = await makeTokenFile(home, server)
  line(`The same ${processes} processes, the same server, a token file as many tools keep one ...`)
  const withFile = await run('with-file.ts', {
    ...home.env,
    DEMO_FILE: file,
    DEMO_SERVER: server.issuer,
    DEMO_CLIENT: server.clientId,
  })
  const isAlive = await canRefresh(file, server)

  heading('What happened')
  const asked = processes * times
  table(
    ['', 'with authsock', 'token file'],
    [
      ['tokens asked for', String(asked), String(asked)],
      ['tokens given', String(withAgent.tokens), String(withFile.tokens)],
      ['failures', String(withAgent.failures), String(withFile.failures)],
      ['refreshes sent to the server', String(refreshes), String(server.refreshes)],
      ['at the same time, at most', String(inFlight), String(server.maxInFlight)],
      ['the login afterwards', state === 'active' ? 'alive' : state, isAlive ? 'alive' : 'revoked: log in again'],
    ],
  )
  const held = withAgent.tokens === asked && withAgent.failures === 0 && inFlight <= 1 && refreshes > 0 && state === 'active'
  line('')
  line(
    held
      ? 'authsock refreshed once each time, and everybody got the answer.'
      : 'authsock did not hold what it promises: please report this.',
  )
  return held ? 0 : 1
}

/** Starts all processes at once, sends them off together when the last is up, and adds up what they say. */
async function run(program: string, env: NodeJS.ProcessEnv): Promise<Report> {
  const children = Array.from({ length: processes }, () => {
    const child = spawn(process.execPath, [here(program)], { env, stdio: ['pipe', 'pipe', 'inherit'] })
    return { child, lines: readLines(child.stdout) }
  })
  for (const { lines } of children) await lines.next()
  const moments = Array.from({ length: times }, (_, round) => Date.now() + 500 + round * pause)
  for (const { child } of children) child.stdin.end(`${JSON.stringify(moments)}\n`)
  const reports = await Promise.all(children.map(({ lines }) => readReport(lines, times)))
  return {
    tokens: reports.reduce((sum, each) => sum + each.tokens, 0),
    failures: reports.reduce((sum, each) => sum + each.failures, 0),
  }
}

/** A login of its own, kept as a tool without an agent would keep it. */
async function makeTokenFile({ path }: Home, lab: AuthorizationServer): Promise<string> {
  const { logInToFile } = await import('./token-file.ts')
  return logInToFile(path, lab, (url) => lab.authorize(url))
}

async function canRefresh(file: string, { issuer, clientId }: AuthorizationServer): Promise<boolean> {
  const { refreshFile } = await import('./token-file.ts')
  return (await refreshFile(file, { issuer, clientId })) !== undefined
}

async function cleanUp(): Promise<void> {
  await home?.close()
  await server?.close().catch(() => {})
}

process.once('SIGINT', () => {
  void cleanUp().finally(() => process.exit(130))
})

try {
  process.exitCode = await main()
} finally {
  await cleanUp()
}
