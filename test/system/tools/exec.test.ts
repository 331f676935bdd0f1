// `authsock exec`: real commands, what they find in their environment, and how they end.

import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { describeWith, isLinux, programs } from '../../support/real-part.ts'
import { Tmux } from '../../support/tmux.ts'

let server: AuthorizationServer
/** Logged in. */
let home: Home
/** Not logged in. */
let newcomer: Home

beforeAll(async () => {
  server = await startAuthorizationServer()
  home = new Home()
  newcomer = new Home()
  for (const each of [home, newcomer]) each.config(workProfile(server))
  await logIn(home, server)
})

afterAll(async () => {
  await home.close()
  await newcomer.close()
  await server.close()
})

const currentToken = async (): Promise<string> =>
  (await home.http('GET', '/v1/token?profile=work')).json<{ access_token: string }>().access_token

describe('the environment', () => {
  test('has the token and the profile, and argv has neither', async () => {
    const { code, stdout } = await home.run([
      'exec',
      'work',
      '--',
      'sh',
      '-c',
      'echo "$AUTHSOCK_PROFILE $AUTHSOCK_ACCESS_TOKEN"; tr "\\0" " " </proc/$$/cmdline',
    ])
    const [line, argv] = stdout.split('\n')
    const token = await currentToken()
    expect([code, line]).toEqual([0, `work ${token}`])
    expect(argv).toContain('sh -c')
    expect(argv).not.toContain(token)
  })

  test('has the names that were asked for, and then no other', async () => {
    const script = 'echo "$ONE $TWO ${AUTHSOCK_ACCESS_TOKEN-none} $KEPT"'
    const args = ['exec', '--env', 'ONE', '--env', 'TWO', '--', 'sh', '-c', script]
    const { stdout } = await home.run(args, { env: { KEPT: 'as it was' } })
    const token = await currentToken()
    expect(stdout).toBe(`${token} ${token} none as it was\n`)
    expect(await home.run(['exec', '--env', 'A=B', '--', 'true'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("'A=B' is not a valid variable name") as string,
    })
  })

  test('has a token for the target that was asked for', async () => {
    const args = ['exec', 'work', '--scope', 'read', '--env', 'T', '--', 'sh', '-c', 'printf %s "$T"']
    const { stdout } = await home.run(args)
    const narrow = (await home.http('GET', '/v1/token?profile=work&scope=read')).json()
    expect([stdout, narrow['scope']]).toEqual([narrow['access_token'], 'read'])
    expect(stdout).not.toBe(await currentToken())
  })

  test('has static secrets as they are, and no token beside them', async () => {
    const value = ' two = $x "quoted" `that`  '
    await home.http('PUT', '/v1/secrets/openai', { body: { value }, headers: { 'content-type': 'application/json' } })
    const args = [
      'exec',
      '--secret',
      'KEY=openai',
      '--',
      process.execPath,
      '-p',
      'JSON.stringify([process.env.KEY, process.env.AUTHSOCK_ACCESS_TOKEN])',
    ]
    expect(JSON.parse((await home.run(args)).stdout)).toEqual([value, null])
    expect(await home.run(['exec', '--secret', 'KEY=none', '--', 'touch', 'ran'])).toMatchObject({ code: 2 })
    expect(await home.run(['exec', '--secret', 'KEY', '--', 'touch', 'ran'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('not NAME=SECRET') as string,
    })
    expect(existsSync(join(home.path, 'ran'))).toBe(false)
  })
})

test('what is missing is said before the command starts', async () => {
  const run = await newcomer.run(['exec', 'work', '--', 'touch', 'ran'])
  expect(run).toMatchObject({ code: 3, stderr: expect.stringContaining('authsock login work') as string })
  for (const service of ['--azure', '--google']) {
    expect(await newcomer.run(['exec', 'work', service, '--', 'touch', 'ran'])).toMatchObject({ code: 3, stdout: '' })
  }
  expect(existsSync(join(newcomer.path, 'ran'))).toBe(false)
  const nothing = await newcomer.run(['exec', 'work'])
  expect(nothing).toMatchObject({ code: 2, stderr: expect.stringContaining('exec PROFILE -- COMMAND') as string })
})

test('credentials of files that SDKs take first are named, and the command does not start', async () => {
  mkdirSync(join(newcomer.path, '.aws'))
  writeFileSync(join(newcomer.path, '.aws', 'config'), '[profile x]\nrole_arn = a\n[default]\nregion = eu-west-1\n')
  const args = ['exec', 'work', '--aws', '--role-arn', 'arn:aws:iam::1:role/x', '--', 'true']
  // Neither another profile nor a region stands in the way: it goes on to the login.
  expect((await newcomer.run(args)).code).toBe(3)
  writeFileSync(join(newcomer.path, '.aws', 'credentials'), '[default]\naws_access_key_id = AKIA\n')
  expect(await newcomer.run(args)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('/.aws/credentials instead') as string,
  })
  mkdirSync(join(newcomer.path, '.config', 'gcloud'), { recursive: true })
  writeFileSync(join(newcomer.path, '.config', 'gcloud', 'application_default_credentials.json'), '{}')
  expect(await newcomer.run(['exec', 'work', '--google', '--', 'true'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('application_default_credentials.json instead') as string,
  })
})

describe('the end', () => {
  test.each([
    ['exit 0', 0],
    ['exit 77', 77],
    ['kill -TERM $$', 143],
    ['kill -KILL $$', 137],
  ])('%s -> %i', async (script, code) => {
    expect(await home.run(['exec', 'work', '--', 'sh', '-c', script])).toEqual({ code, stdout: '', stderr: '' })
  })

  test('127 without the command, 126 where it cannot be run', async () => {
    const missing = await home.run(['exec', 'work', '--', 'no-such-command-at-all'])
    expect([missing.code, missing.stderr]).toEqual([127, expect.stringContaining('command not found: no-such-command-at-all')])
    const plain = join(home.path, 'plain')
    writeFileSync(plain, '#!/bin/sh\n')
    const denied = await home.run(['exec', 'work', '--', plain])
    expect([denied.code, denied.stderr]).toEqual([126, expect.stringContaining('not executable: ')])
    chmodSync(plain, 0o755)
    expect((await home.run(['exec', 'work', '--', plain])).code).toBe(0)
  })

  test("the command's arguments are its own, and so are stdin, stdout and stderr", async () => {
    const script = 'cat; echo "$*"; echo aside >&2'
    const args = ['exec', 'work', '--', 'sh', '-c', script, 'sh', '--json', '--token', '--help', '--', 'x y']
    expect(await home.run(args, { stdin: 'from stdin\n' })).toEqual({
      code: 0,
      stdout: 'from stdin\n--json --token --help -- x y\n',
      stderr: 'aside\n',
    })
  })
})

describe('signals', () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGWINCH', 'SIGUSR1', 'SIGUSR2'] as const)(
    '%s reaches the command',
    async (signal) => {
      const name = signal.slice(3)
      const loop = `trap 'echo got ${name}; exit 9' ${name}; echo ready; while :; do sleep 0.05; done`
      const child = home.spawn(['exec', 'work', '--', 'sh', '-c', loop])
      let output = ''
      child.stdout?.on('data', (chunk: Buffer) => {
        output += chunk.toString()
        if (output === 'ready\n') child.kill(signal)
      })
      let said = ''
      child.stderr?.on('data', (chunk: Buffer) => {
        said += chunk.toString()
      })
      const [code] = (await once(child, 'close')) as [number | null]
      expect([code, output, said]).toEqual([9, `ready\ngot ${name}\n`, ''])
    },
  )

  test('one that ends the command ends exec with 128 and its number', async () => {
    const child = home.spawn(['exec', 'work', '--', 'sh', '-c', 'echo ready; exec sleep 60'])
    child.stdout?.once('data', () => child.kill('SIGTERM'))
    expect(await once(child, 'close')).toEqual([143, null])
  })

  describeWith(programs('tmux'), 'at a terminal', () => {
    test('Ctrl-C comes once, not twice', async () => {
      const script = join(home.path, 'count.sh')
      writeFileSync(script, `trap 'echo x >> ${home.path}/count' INT\necho ready\nfor i in 1 2 3 4 5 6; do sleep 0.3; done\n`)
      const tmux = new Tmux(home)
      try {
        tmux.type(`exec work -- sh ${script}`)
        await tmux.see(/ready/)
        tmux.key('C-c')
        await tmux.see(/rc=0/)
        expect(readFileSync(join(home.path, 'count'), 'utf8')).toBe('x\n')
      } finally {
        tmux.close()
      }
    })
  })
})

describeWith({ Linux: isLinux }, 'nobody else', () => {
  test('finds the token: not in the arguments of any process, not in a file', async () => {
    const child = home.spawn(['exec', 'work', '--', 'sh', '-c', 'echo ready; exec sleep 60'])
    await once(child.stdout ?? child, 'data')
    const token = await currentToken()
    const { stdout } = await home.run(['exec', 'work', '--', 'sh', '-c', 'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" "\\n"'])
    expect(stdout).toContain('sleep\n60')
    expect(stdout).not.toContain(token)
    child.kill('SIGTERM')
  })
})
