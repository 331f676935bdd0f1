// U6: every command with --json prints what protocol/cli-output.schema.json says, and every command has a definition there.

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commandTable } from '../../src/cli/command-table.ts'
import type { MakeLeaf } from '../../src/cli/leaf.ts'
import { type AuthorizationServer, startAuthorizationServer } from '../support/authorization-server.ts'
import { type Finished, Home, type RunOptions } from '../support/home.ts'
import { logIn, workProfile } from '../support/login.ts'
import { describeWith, isPosix, programs } from '../support/real-part.ts'

const read = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(new URL(`../../protocol/${name}`, import.meta.url), 'utf8')) as Record<string, unknown>
const schema = read('cli-output.schema.json')
const definitions = Object.keys(schema['$defs'] as object)
const ajv = new Ajv2020({ strict: false })
ajv.addSchema(read('openapi.json'), 'openapi.json')
ajv.addSchema(schema)

const seen = new Set<string>()

function matches(command: string, text: string): void {
  seen.add(command)
  const validate = ajv.getSchema(`cli-output.schema.json#/$defs/${encodeURIComponent(command)}`)
  if (validate === undefined) throw new Error(`no definition of '${command}'`)
  const value: unknown = JSON.parse(text)
  expect([command, validate(value), validate.errors, value]).toEqual([command, true, null, value])
}

let server: AuthorizationServer
let home: Home

beforeAll(async () => {
  server = await startAuthorizationServer()
  home = new Home()
  home.config(workProfile(server))
  home.env['EDITOR'] = 'true'
  expect((await logIn(home, server)).code).toBe(0)
})

afterAll(async () => {
  await home.close()
  await server.close()
})

const run = (args: readonly string[], options?: RunOptions): Promise<Finished> => home.run([...args, '--json'], options)

describe('U6 every --json output is as the schema says', () => {
  /** In this order, on one home: each command leaves what the next ones need. */
  const calls: readonly (readonly [command: string, args: readonly string[], stdin?: string])[] = [
    ['version', ['version']],
    ['help', ['help']],
    ['help', ['help', 'share', 'create']],
    ['help', ['help', 'exit-codes']],
    ['start', ['start']],
    ['token', ['token', 'work']],
    ['status', ['status']],
    ['retry', ['retry', 'work']],
    ['profile list', ['profile', 'list']],
    ['profile show', ['profile', 'show', 'work']],
    ['profile add', ['profile', 'add', 'other', '--issuer', 'https://b.example', '--client-id', 'b']],
    ['profile set', ['profile', 'set', 'other', '--scope', 'openid']],
    ['profile edit', ['profile', 'edit']],
    ['profile default', ['profile', 'default', 'work']],
    ['profile default', ['profile', 'default']],
    ['profile remove', ['profile', 'remove', 'other']],
    ['route add', ['route', 'add', 'https://git.example.com', '--profile', 'work', '--scope', 'read']],
    ['route list', ['route', 'list']],
    ['route test', ['route', 'test', 'https://git.example.com/x']],
    ['route remove', ['route', 'remove', 'https://git.example.com']],
    ['secret add', ['secret', 'add', 'key', '--url', 'https://a.example.com', '--expires', '90d', '--stdin'], 'x\n'],
    ['secret list', ['secret', 'list']],
    ['route test', ['route', 'test', 'https://a.example.com']],
    ['password', ['password', 'key']],
    ['secret remove', ['secret', 'remove', 'key']],
    ['share create', ['share', 'create', 'box', '--scope', 'read', '--tcp']],
    ['share list', ['share', 'list']],
    ['share show', ['share', 'show', 'box']],
    ['share run-args', ['share', 'run-args', 'box', '--format', 'compose']],
    ['share remove', ['share', 'remove', 'box']],
    ['rule add', ['rule', 'add', '--decision', 'ask', '--profile', 'work', '--scope', 'write', '--lifetime', '8h']],
    ['rule list', ['rule', 'list']],
    ['rule test', ['rule', 'test', 'work', '--scope', 'write']],
    ['rule remove', ['rule', 'remove', '1']],
    ['approve', ['approve']],
    ['audit', ['audit']],
    ['audit verify', ['audit', 'verify', '--head', 'x']],
    ['doctor', ['doctor']],
    ['setup', ['setup']],
    ['setup', ['setup', 'docker', '--print']],
    ['setup', ['setup', 'docker', '--yes']],
    ['setup', ['setup', 'docker', '--undo', '--print']],
    ['setup', ['setup', 'docker', '--undo']],
    ['install', ['install', '--autostart', 'none']],
    ['uninstall', ['uninstall']],
    ['upgrade', ['upgrade']],
    ['completion', ['completion', 'fish']],
    ['vault status', ['vault', 'status']],
    ['lock', ['lock']],
    ['unlock', ['unlock']],
    ['vault master-key', ['vault', 'master-key', 'key-file', '/KEY']],
    ['logout', ['logout', 'work']],
    ['logout', ['logout', '--all']],
    ['revoke', ['revoke', '--all']],
    ['stop', ['stop']],
    ['stop', ['stop']],
    ['uninstall', ['uninstall', '--purge', '--yes']],
  ]

  test('the commands in turn', async () => {
    for (const [command, args, stdin] of calls) {
      const given = args.map((arg) => (arg === '/KEY' ? join(home.path, 'other.key') : arg))
      const { stdout, stderr } = await run(given, stdin === undefined ? {} : { stdin })
      expect([args, stdout]).not.toEqual([args, ''])
      for (const line of stdout.trimEnd().split('\n')) matches(command, line)
      if (stderr !== '') matches('error', stderr)
    }
  })

  test('login: each step is a line, and stderr is empty', async () => {
    for (const device of [[], ['--device']]) {
      let acted = false
      const child = home.spawn(['login', 'work', '--no-browser', '--json', ...device])
      const lines: string[] = []
      let rest = ''
      let said = ''
      child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()))
      child.stdout?.on('data', (chunk: Buffer) => {
        const parts = `${rest}${chunk.toString()}`.split('\n')
        rest = parts.pop() ?? ''
        lines.push(...parts)
        const message = JSON.parse(lines[0] ?? '{}') as Record<string, string>
        if (acted) return
        acted = true
        if (message['type'] === 'device_code')
          void server.approveDevice(`${message['verification_uri']}?user_code=${message['user_code']}`)
        else void server.authorize(message['url'] ?? '').then((redirect) => fetch(redirect))
      })
      expect((await once(child, 'close'))[0]).toBe(0)
      for (const line of lines) matches('login', line)
      expect([lines.length >= 2, said]).toEqual([true, ''])
      expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ profile: 'work', state: 'active' })
    }
  })

  test('what runs until it is ended', async () => {
    for (const [command, args] of [
      ['events', ['events']],
      ['status', ['status', '--watch']],
      ['serve', ['serve', 'azure', 'work']],
      ['mcp serve', ['mcp', 'serve', 'https://mcp.example.com/mcp']],
    ] as const) {
      const child = home.spawn([...args, '--json'])
      const [chunk] = (await once(child.stdout ?? child, 'data')) as [Buffer]
      child.kill('SIGINT')
      await once(child, 'close')
      for (const line of chunk.toString().trimEnd().split('\n')) matches(command, line)
    }
  })

  test('an approval that is answered', async () => {
    // A change by a command counts when the command has ended (H5).
    expect((await home.run(['rule', 'add', '--decision', 'ask', '--scope', 'write'])).code).toBe(0)
    const token = home.run(['token', 'work', '--scope', 'write'])
    const approvals = async () => (await home.http('GET', '/v1/approvals')).json<{ approvals: { id: string }[] }>().approvals
    await expect.poll(approvals).toHaveLength(1)
    matches('approve', (await run(['approve'])).stdout)
    matches('approve', (await run(['approve', (await approvals())[0]?.id ?? ''])).stdout)
    expect((await token).code).toBe(0)
  })

  test('the agent in the foreground', async () => {
    await home.run(['stop'])
    const agent = await home.startAgent(['--json'])
    await home.run(['stop'])
    if (agent.exitCode === null) await once(agent, 'close')
    for (const line of agent.log().trimEnd().split('\n')) matches('agent', line)
    expect(agent.log()).toContain('"stopping"')
    const { code, stderr } = await home.run(['agent', '--json', '--nonsense'])
    expect(code).toBe(2)
    for (const line of stderr.trimEnd().split('\n')) matches('agent', line)
  })

  test.each([
    ['nosuch', ['nosuch']],
    ['an option', ['token', '--nosuch']],
    ['an argument', ['logout', 'a', 'b']],
    ['a profile', ['token', 'nobody']],
    ['a topic', ['help', 'nosuch']],
    ['a value', ['rule', 'add', '--decision', 'perhaps']],
    ['exec', ['exec', 'nobody']],
  ])('an error (%s) is one line of JSON', async (_, args) => {
    const { code, stdout, stderr } = await run(args)
    expect([code, stdout, stderr.trimEnd().split('\n').length]).toEqual([2, '', 1])
    matches('error', stderr)
  })
})

describeWith({ POSIX: isPosix, ...programs('sh') }, 'U6', () => {
  test('every command has a definition', async () => {
    const root = new Command()
    const names: string[] = []
    const leaf: MakeLeaf = (parent, signature) => {
      const command = parent.command(signature)
      names.push(parent === root ? command.name() : `${parent.name()} ${command.name()}`)
      return command
    }
    for (const { load } of commandTable) (await load()).register(root, leaf)
    // They print what their command prints.
    const silent = new Set(['exec', 'ssh', 'mcp'])
    expect(names.length).toBeGreaterThan(40)
    expect(names.filter((name) => !silent.has(name) && !definitions.includes(name))).toEqual([])
  })

  test('every definition was seen', () => {
    // relay needs another side: test/system/shares/relay.test.ts.
    seen.add('relay')
    expect(definitions.filter((name) => !seen.has(name))).toEqual([])
  })
})
