// The command line as processes, against the real agent and server.

import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { describeWith, programs } from '../../support/real-part.ts'
import { Tmux } from '../../support/tmux.ts'

let server: AuthorizationServer
let home: Home

beforeAll(async () => {
  server = await startAuthorizationServer()
})

afterAll(() => server.close())

beforeEach(() => {
  home = new Home()
})

afterEach(() => home.close())

describe('login', () => {
  test('with an issuer: makes the profile and logs in, in one go; the second time it is there', async () => {
    const args = [
      server.issuer,
      '--client-id',
      server.clientId,
      '--name',
      'one',
      '--scope',
      'openid offline_access',
      '--scope',
      'read',
      '--no-browser',
    ]
    const first = await logIn(home, server, args)
    expect([first.code, first.stdout]).toEqual([0, ''])
    expect(first.stderr).toContain("added profile 'one' to")
    expect(first.stderr).toContain("logged in to 'one' as ada")
    expect(readFileSync(home.configFile, 'utf8')).toContain('scopes = ["openid", "offline_access", "read"]')
    expect((await logIn(home, server, args)).code).toBe(0)
    const other = await home.run(['login', server.issuer, '--client-id', 'other', '--name', 'one'])
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining("profile 'one' exists already")])
  })

  test('BROWSER is started with the address as an argument', async () => {
    home.config(workProfile(server))
    const opened = join(home.path, 'opened')
    const browser = join(home.path, 'browser.sh')
    writeFileSync(browser, `#!/bin/sh\nprintf '%s' "$1" > ${opened}\n`, { mode: 0o755 })
    const login = home.run(['login', 'work'], { env: { BROWSER: browser } })
    await expect.poll(() => read(opened)).toContain('/auth?')
    await fetch(await server.authorize(read(opened)))
    expect(await login).toMatchObject({ code: 0, stderr: expect.stringContaining('Opened the browser') as string })
  })

  test('without --client-id it says what is missing; an unknown issuer says what was tried', async () => {
    expect(await home.run(['login', server.issuer])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--client-id') as string,
    })
    const nobody = await home.run(['login', 'http://127.0.0.1:1', '--client-id', 'x'])
    expect([nobody.code, nobody.stderr]).toEqual([5, expect.stringContaining('connection refused')])
    const plain = await home.run(['login', 'http://login.example.com', '--client-id', 'x', '--name', 'plain'])
    expect([plain.code, plain.stderr]).toEqual([2, expect.stringContaining('plain http')])
  })

  test('client credentials: the secret from stdin, a file or the environment; tokens then come without a login', async () => {
    const { clientId, clientSecret } = server.basicClient
    const args = [
      'login',
      server.issuer,
      '--client-id',
      clientId,
      '--name',
      'ci',
      '--grant',
      'client_credentials',
      '--scope',
      'read',
    ]
    const missing = await home.run(args)
    expect([missing.code, missing.stderr]).toEqual([8, expect.stringContaining('--client-secret-stdin')])
    expect((await home.run([...args, '--client-secret-stdin'], { stdin: `${clientSecret}\n` })).code).toBe(0)
    const { stdout } = await home.run(['token', 'ci', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ profile: 'ci', scope: 'read' })
    expect((await home.run(['logout', 'ci'])).code).toBe(0)
    expect((await home.run(['token', 'ci'])).code).toBe(0)
    expect((await home.run(['login', 'ci'], { env: { AUTHSOCK_CLIENT_SECRET: 'wrong' } })).code).toBe(8)
  })

  test('nothing secret is taken on argv', async () => {
    for (const option of ['--client-secret', '--client-secret=x', '--passphrase=x']) {
      const { code, stderr } = await home.run(['login', 'work', option, 'hunter2'])
      expect([code, stderr]).toEqual([2, expect.stringContaining("every user of this machine can read a command's arguments")])
      expect(stderr).not.toContain('hunter2')
    }
  })

  test('Ctrl-C cancels at once: exit 130, and the agent forgets the login', async () => {
    home.config(workProfile(server))
    let pressed = false
    const { code } = await home.run(['login', 'work', '--no-browser'], {
      onStderr: (text, child) => {
        if (pressed || !text.includes('/auth?')) return
        pressed = true
        child.kill('SIGINT')
      },
    })
    expect(code).toBe(130)
    await expect.poll(async () => (await home.http('GET', '/v1/sessions/work')).json()['state']).toBe('logged_out')
  })

  test('P18 logout when the server is away: deleted here, revoked when it is back', async () => {
    let answer = 503
    const seen: string[] = []
    const revocation = createServer((request, response) => {
      request.on('data', (chunk: Buffer) => seen.push(chunk.toString()))
      request.on('end', () => response.writeHead(answer).end())
    }).listen(0, '127.0.0.1')
    await once(revocation, 'listening')
    const { port } = revocation.address() as AddressInfo
    const { issuer, clientId } = server
    home.config(`[profile.work]
issuer = "${issuer}"
client_id = "${clientId}"
[profile.work.endpoints]
token = "${issuer}/token"
authorization = "${issuer}/auth"
jwks = "${issuer}/jwks"
revocation = "http://127.0.0.1:${port}/revoke"
`)
    expect((await logIn(home, server)).code).toBe(0)
    const { code, stderr } = await home.run(['logout', 'work'])
    expect([code, stderr]).toEqual([0, expect.stringContaining('keeps trying')])
    expect((await home.run(['token', 'work'])).code).toBe(3)
    answer = 200
    const before = seen.length
    await home.run(['stop'])
    await home.startAgent()
    await expect.poll(() => seen.length, { timeout: 40_000, interval: 250 }).toBeGreaterThan(before)
    expect(seen.at(-1)).toContain('token_type_hint=refresh_token')
    revocation.close()
  })
})

describe('profiles', () => {
  test('add, list, show, remove; comments stay', async () => {
    home.config('# my own words\n\n[profile.first] # keep me\nissuer = "https://a.example"\nclient_id = "a"\n')
    const add = [
      'profile',
      'add',
      'second',
      '--issuer',
      'https://b.example',
      '--client-id',
      'b',
      '--resource',
      'https://api.example',
    ]
    expect((await home.run(add)).code).toBe(0)
    expect((await home.run(add)).code).toBe(2)
    expect((await home.run(['profile', 'list'])).stdout.split('\n').map((line) => line.split(/\s+/)[0])).toEqual([
      'NAME',
      'first',
      'second',
      '',
    ])
    expect(JSON.parse((await home.run(['profile', 'show', 'second', '--json'])).stdout)).toMatchObject({
      resource: 'https://api.example',
    })
    expect((await home.run(['profile', 'remove', 'second'])).code).toBe(0)
    expect(readFileSync(home.configFile, 'utf8')).toContain('# my own words\n\n[profile.first] # keep me\n')
    expect(readFileSync(home.configFile, 'utf8')).not.toContain('second')
    expect((await home.run(['profile', 'show', 'second'])).code).toBe(2)
  })

  test('a mistake in config.toml: line, column, what was meant; nothing is changed', async () => {
    home.config('[profile.work]\nisuer = "https://a.example"\nclient_id = "a"\n')
    for (const args of [
      ['profile', 'list'],
      ['token', 'work'],
      ['profile', 'add', 'x', '--issuer', 'https://b.example', '--client-id', 'b'],
    ]) {
      const { code, stderr } = await home.run(args)
      expect([args, code]).toEqual([args, 2])
      expect(stderr).toContain("config.toml:2:1: unknown key 'isuer': did you mean 'issuer'?")
    }
    expect(readFileSync(home.configFile, 'utf8')).toContain('isuer')
  })

  test('P5 a profile that now points elsewhere needs a login there; the old token goes nowhere', async () => {
    home.config(workProfile(server))
    await logIn(home, server)
    const other = await startAuthorizationServer()
    home.config(workProfile(other))
    await pause(1100)
    const { code, stderr } = await home.run(['token', 'work'])
    expect([code, stderr]).toEqual([3, expect.stringContaining('issuer was changed')])
    expect((await home.run(['logout', 'work'])).stderr).toContain('revoke the token there')
    expect(other.requests).toEqual([])
    await other.close()
  })
})

describe('everything else', () => {
  test.each([
    [['frobnicate'], 2, "unknown command 'frobnicate'"],
    [['stauts'], 2, 'did you mean `authsock status`'],
    [['status', '--frob'], 2, "unknown option '--frob'"],
    [['profile', 'show'], 2, "missing required argument 'name'"],
    [['token', 'Not A Name'], 2, 'not a profile name'],
    [['token', '--min-ttl', 'soon'], 2, 'not a number of seconds'],
    [['logout', 'work', 'home'], 2, 'too many arguments'],
    [['exec', 'work', 'make'], 2, 'authsock exec PROFILE -- COMMAND'],
    [['lock'], 7, 'no agent listens'],
    [['login', 'work', '--client-id', 'x'], 2, 'a new profile needs an issuer'],
    [['vault', 'master-key', 'cupboard'], 2, "unknown location 'cupboard'"],
    [['help', 'nonsense'], 2, 'no help for'],
  ])('%j exits with %d', async (args, code, words) => {
    const finished = await home.run(args)
    expect([finished.code, finished.stdout]).toEqual([code, ''])
    expect(finished.stderr).toContain(words)
  })

  test.each(['vault', 'exit-codes', 'login', 'profile add', 'token'])('help %s', async (topic) => {
    const { code, stdout } = await home.run(['help', ...topic.split(' ')])
    expect(code).toBe(0)
    expect(stdout.length).toBeGreaterThan(300)
  })

  test('token: bare, as a header, as JSON; stderr is empty', async () => {
    home.config(workProfile(server))
    await logIn(home, server)
    const bare = await home.run(['token'])
    expect(bare).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^\S+\n$/) as string })
    expect((await home.run(['token', '--header'])).stdout).toBe(`Authorization: Bearer ${bare.stdout}`)
    expect(JSON.parse((await home.run(['token', '--json'])).stdout)).toMatchObject({ access_token: bare.stdout.trim() })
    const refused = await home.run(['token', '--scope', 'admin', '--json'])
    expect([refused.code, JSON.parse(refused.stderr)]).toEqual([6, expect.objectContaining({ code: 'scope_not_allowed' })])
  })

  test.each(['22.17.1', '20.20.2'])('Node %s is refused in so many words', async (version) => {
    const old = join(home.path, 'old.mjs')
    writeFileSync(old, `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })\n`)
    const { engines } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
      engines: { node: string }
    }
    expect(await home.run(['version'], { env: { NODE_OPTIONS: `--import ${old}` } })).toEqual({
      code: 2,
      stdout: '',
      stderr: `authsock: Node ${version} is too old\nhint: ${engines.node.replace('>=', '')} or newer is needed\n`,
    })
  })

  test('stop says in JSON whether there was one', async () => {
    await home.run(['start'])
    expect(JSON.parse((await home.run(['stop', '--json'])).stdout)).toEqual({ stopping: true })
    await expect.poll(async () => (await home.run(['stop', '--json'])).stdout).toBe('{"stopping":false}\n')
  })

  test('lock and unlock', async () => {
    home.config(workProfile(server))
    await logIn(home, server)
    const { stdout } = await home.run(['token'])
    expect((await home.run(['lock'])).code).toBe(0)
    expect(await home.run(['token'])).toMatchObject({ code: 4, stderr: expect.stringContaining('authsock unlock') as string })
    expect((await home.run(['status'])).stdout).toContain('vault locked')
    expect((await home.run(['unlock'])).code).toBe(0)
    expect((await home.run(['token'])).stdout).toBe(stdout)
  })

  test('a reader that has seen enough (head) is no error', async () => {
    const { execFileSync } = await import('node:child_process')
    const { program } = await import('../../support/home.ts')
    const text = execFileSync('sh', ['-c', `"${process.execPath}" "${program}" help | head -1`], {
      env: home.env,
      encoding: 'utf8',
    })
    expect(text).toContain('Usage')
  })
})

describeWith(programs('tmux'), 'in a terminal', () => {
  test('a client secret is asked for without being shown; the device login shows code and QR code; status --watch follows', async () => {
    const { clientId, clientSecret } = server.basicClient
    const tmux = new Tmux(home)
    try {
      tmux.type(`login ${server.issuer} --client-id ${clientId} --name term --client-authentication client_secret_basic --device`)
      await tmux.see(/client secret of 'basic-client':/)
      tmux.send(clientSecret)
      const screen = await tmux.see(/enter this code:[\s\S]*[A-Z]{4}-[A-Z]{4}[\s\S]*waiting for the code/)
      expect(screen).not.toContain(clientSecret)
      expect(screen).toMatch(/[█▀▄]{10}/)
      expect(screen).toMatch(/\d+ min left \(Ctrl-C cancels\)/)
      const code = /[A-Z]{4}-[A-Z]{4}/.exec(screen)?.[0]
      await server.approveDevice(`${server.issuer}/device?user_code=${code}`)
      await tmux.see(/logged in to 'term' as ada/)
      tmux.type('status --watch')
      await tmux.see(/PROFILE +STATE[\s\S]*term +active/)
      await home.run(['logout', 'term'])
      await tmux.see(/term +logged out/)
      tmux.key('C-c')
      await tmux.see(/rc=0/)
    } finally {
      tmux.close()
    }
  })

  test('without a browser the address can be pasted back', async () => {
    home.config(workProfile(server))
    const tmux = new Tmux(home)
    try {
      tmux.type('login work')
      const screen = await tmux.see(/paste it here[\s\S]*waiting for the browser/)
      const address = /http:\S+\/auth\?\S+/.exec(screen)?.[0] ?? ''
      tmux.send('nonsense')
      await tmux.see(/not a URL/)
      tmux.send(await server.authorize(address))
      await tmux.see(/logged in to 'work' as ada[\s\S]*rc=0/)
    } finally {
      tmux.close()
    }
  })
})

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
