// The client library as an author of another tool uses it, from the package as it is built.

import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type AuthsockClient, connect, Failure } from '../../../src/client/index.ts'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home, program } from '../../support/home.ts'
import { workProfile } from '../../support/login.ts'

let server: AuthorizationServer
let home: Home
let client: AuthsockClient

beforeAll(async () => {
  server = await startAuthorizationServer()
})

afterAll(() => server.close())

beforeEach(async () => {
  home = new Home()
  home.config(workProfile(server))
  client = await connect({ env: home.env })
})

afterEach(async () => {
  client.close()
  await home.close()
})

async function login(): Promise<string[]> {
  const seen: string[] = []
  for await (const message of await client.login('work')) {
    seen.push(message.type)
    if (message.type === 'open_browser') await fetch(await server.authorize(message.url))
  }
  return seen
}

describe('authsock/client', () => {
  test('starts the agent, logs in, gives tokens, status and events, logs out', async () => {
    const events = await client.events()
    const heard = events[Symbol.asyncIterator]()
    expect((await heard.next()).value).toMatchObject({ type: 'hello' })
    expect(await login()).toEqual(['open_browser', 'done'])
    expect((await heard.next()).value).toMatchObject({ type: 'logged_in', profile: 'work', user: 'ada' })
    const token = await client.token({ profile: 'work', scope: ['read'], minTtl: 60 })
    expect(token).toMatchObject({ profile: 'work', token_type: 'Bearer', scope: 'read' })
    expect(await client.session('work')).toMatchObject({ state: 'active' })
    expect((await client.status()).sessions.map(({ profile }) => profile)).toEqual(['work'])
    expect(await client.logout('work')).toMatchObject({ revocation: 'revoked' })
    await heard.return?.(undefined)
  })

  test('failures are Failures, with stable codes', async () => {
    await expect(client.token({ profile: 'work' })).rejects.toSatisfy(
      (error) =>
        error instanceof Failure &&
        error.code === 'login_required' &&
        error.exitCode === 3 &&
        error.hint.includes('authsock login'),
    )
    await expect(client.token({ profile: 'nobody' })).rejects.toMatchObject({ code: 'unknown_profile' })
  })

  test('R21 a change of config.toml counts when reloadConfig resolves; with a mistake the former one goes on (U2)', async () => {
    await client.status()
    home.config(`${workProfile(server)}\n[profile.second]\nissuer = "${server.issuer}"\nclient_id = "x"\n`)
    await client.reloadConfig()
    expect((await client.sessions()).map(({ profile }) => profile)).toEqual(['work', 'second'])
    home.config('what is this')
    await client.reloadConfig()
    expect(await client.status()).toMatchObject({
      sessions: [{ profile: 'work' }, { profile: 'second' }],
      warnings: [expect.stringContaining('config.toml')],
    })
  })

  test('a login that another client has made meanwhile is enough', async () => {
    const seen = async (newerThan: number): Promise<readonly string[]> => {
      const types: string[] = []
      for await (const message of await client.login('work', { newerThan })) {
        types.push(message.type)
        if (message.type === 'open_browser') await fetch(await server.authorize(message.url))
      }
      return types
    }
    expect(await seen(0)).toEqual(['open_browser', 'done'])
    expect(await seen(0)).toEqual(['done'])
    const { logged_in_at: at = 0 } = await client.session('work')
    expect(await seen(at)).toEqual(['open_browser', 'done'])
    await client.logout('work')
    expect(await seen(0)).toEqual(['open_browser', 'done'])
  })

  test('start: false finds nobody and says so', async () => {
    const timid = await connect({ env: home.env, start: false })
    await expect(timid.status()).rejects.toMatchObject({ code: 'agent_unreachable' })
  })

  test('leaving a login early cancels it; an abort too', async () => {
    for await (const message of await client.login('work')) {
      expect(message.type).toBe('open_browser')
      break
    }
    await expect.poll(async () => (await client.session('work')).state).toBe('logged_out')
    const cancel = new AbortController()
    const conversation = await client.login('work', { signal: cancel.signal })
    await expect(
      (async () => {
        for await (const _ of conversation) cancel.abort()
      })(),
    ).rejects.toMatchObject({ code: 'login_cancelled' })
  })

  test('an agent that was restarted behind a kept connection is found again', async () => {
    await login()
    const { access_token: before } = await client.token()
    await client.shutdown()
    await expect.poll(async () => (await client.token()).access_token).toBe(before)
  })

  test('a token request that is aborted is', async () => {
    await login()
    const gone = new AbortController()
    gone.abort()
    await expect(client.token({ signal: gone.signal })).rejects.toMatchObject({ code: 'cancelled' })
  })
})

test('the built package: its types and its program work from a project that depends on it', async () => {
  const root = fileURLToPath(new URL('../../../', import.meta.url))
  const built = join(dirname(program), '..')
  const project = join(home.path, 'project')
  mkdirSync(join(project, 'node_modules'), { recursive: true })
  symlinkSync(built, join(project, 'node_modules', 'authsock'))
  writeFileSync(join(project, 'package.json'), '{"type":"module"}')
  writeFileSync(
    join(project, 'tool.ts'),
    `import { connect, Failure, type TokenAnswer } from 'authsock/client'
const authsock = await connect()
try {
  const token: TokenAnswer = await authsock.token({ profile: 'work' })
  console.log(token.expires_in)
} catch (error) {
  if (error instanceof Failure) console.log(error.code, error.exitCode)
}
authsock.close()
`,
  )
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const options = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2024',
    '--skipLibCheck',
    '--types',
    'node',
    '--typeRoots',
    join(root, 'node_modules/@types'),
  ]
  execFileSync(process.execPath, [tsc, ...options, 'tool.ts'], { cwd: project, stdio: 'pipe' })
  expect(execFileSync(process.execPath, ['tool.ts'], { cwd: project, env: home.env, encoding: 'utf8' })).toBe(
    'login_required 3\n',
  )
  expect(execFileSync(process.execPath, [program, 'version'], { encoding: 'utf8' })).toMatch(/^\d+\.\d+\.\d+\n$/)
})
