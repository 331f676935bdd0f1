// An MCP client without any authorization of its own, for the conformance suite: `client.ts URL` starts `authsock mcp URL` and lists and calls
// the server's tools through it. The suite sets the scenario and the protocol version in the environment.

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Home, program } from '../support/home.ts'

const url = process.argv.at(-1) ?? ''
const version = process.env['MCP_CONFORMANCE_PROTOCOL_VERSION'] ?? '2025-11-25'
const context = JSON.parse(process.env['MCP_CONFORMANCE_CONTEXT'] ?? '{}') as {
  readonly client_id?: string
  readonly client_secret?: string
  readonly toolCalls?: readonly { readonly name: string; readonly arguments: object }[]
}
/** Before the suite ends this process, and not what it has started. */
const limitMs = 100_000
const isStateless = version >= '2026-07-28'

const home = new Home({ env: { BROWSER: fileURLToPath(new URL('browser.mjs', import.meta.url)) } })
const { env } = home
// The client ID that the suite expects where a server takes such a document.
home.config('client_metadata_url = "https://conformance-test.local/client-metadata.json"\n')

interface Schema {
  readonly properties?: Readonly<Record<string, { readonly type?: string; readonly default?: unknown }>>
}

const defaultsOf = ({ properties = {} }: Schema = {}): object =>
  Object.fromEntries(Object.entries(properties).map(([name, { default: value }]) => [name, value]))

const samples: Readonly<Record<string, unknown>> = { number: 5, integer: 5, boolean: true }
const argumentsFor = ({ properties = {} }: Schema = {}): object =>
  Object.fromEntries(Object.entries(properties).map(([name, { type = '' }]) => [name, samples[type] ?? 'text']))

const run = (args: readonly string[], input = ''): Promise<number | null> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...args], { env, stdio: ['pipe', 'inherit', 'inherit'] })
    child.stdin.on('error', () => {})
    child.stdin.end(input)
    child.on('close', resolve)
  })

if (context.client_id !== undefined) {
  const secret = context.client_secret === undefined ? [] : ['--client-secret-stdin']
  const isOwn = process.env['MCP_CONFORMANCE_SCENARIO'] === 'auth/client-credentials-basic'
  const grant = isOwn ? ['--grant', 'client_credentials'] : []
  await run(['login', '--mcp', url, '--client-id', context.client_id, ...secret, ...grant], context.client_secret)
}

const bridge = spawn(process.execPath, [program, 'mcp', url], { env, stdio: ['pipe', 'pipe', 'inherit'] })
bridge.stdin.on('error', () => {})
const waiting = new Map<number, (message: { result?: Record<string, unknown>; error?: { message: string } }) => void>()
let count = 0
const lines = createInterface({ input: bridge.stdout })
lines.on('line', (line) => {
  const message = JSON.parse(line) as {
    params?: { requestedSchema?: Schema }
    id?: number
    method?: string
    result?: Record<string, unknown>
    error?: { message: string }
  }
  process.stderr.write(`<- ${line.slice(0, 300)}\n`)
  if (message.method !== undefined && message.id !== undefined) {
    send({
      id: message.id,
      result:
        message.method === 'elicitation/create' ? { action: 'accept', content: defaultsOf(message.params?.requestedSchema) } : {},
    })
  } else waiting.get(message.id ?? -1)?.(message)
})

const send = (message: object): void => void bridge.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)

const meta = isStateless
  ? {
      _meta: {
        'io.modelcontextprotocol/protocolVersion': version,
        'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
        'io.modelcontextprotocol/clientCapabilities': {},
      },
    }
  : {}

async function request(method: string, params: object = {}): Promise<Record<string, unknown>> {
  count += 1
  const id = count
  const answer = new Promise<{ result?: Record<string, unknown>; error?: { message: string } }>((resolve) =>
    waiting.set(id, resolve),
  )
  send({ id, method, params: { ...params, ...meta } })
  const { result, error } = await answer
  if (error !== undefined) throw new Error(`${method}: ${error.message}`)
  return result ?? {}
}

async function play(): Promise<void> {
  if (!isStateless) {
    await request('initialize', { protocolVersion: version, capabilities: {}, clientInfo: { name: 'test', version: '1' } })
    send({ method: 'notifications/initialized' })
  }
  const { tools = [] } = (await request('tools/list')) as { tools?: { name: string; inputSchema?: Schema }[] }
  const calls = context.toolCalls ?? tools.map(({ name, inputSchema }) => ({ name, arguments: argumentsFor(inputSchema) }))
  for (const call of calls) await request('tools/call', call).catch((error: Error) => process.stderr.write(`${error.message}\n`))
  // Some scenarios change the server between two rounds.
  if (tools.length > 0) await request('tools/list').catch(() => {})
}

let code = 0
try {
  await Promise.race([play(), pause(limitMs).then(() => Promise.reject(new Error('no answer came')))])
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`)
  code = 1
} finally {
  bridge.stdin.end()
  const ended = new Promise((resolve) => bridge.once('exit', resolve))
  await Promise.race([ended, pause(3_000).then(() => bridge.kill('SIGKILL'))])
  await home.close()
}
process.exit(code)
