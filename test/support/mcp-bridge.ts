// An MCP client on one side of `authsock mcp URL`.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { AuthorizationServer } from './authorization-server.ts'
import { type Home, program } from './home.ts'

export interface JsonRpc {
  readonly id?: number
  readonly method?: string
  readonly params?: unknown
  readonly result?: Readonly<Record<string, unknown>>
  readonly error?: { readonly code: number; readonly message: string; readonly data?: Readonly<Record<string, unknown>> }
}

export class McpBridge {
  readonly child: ChildProcess
  /** Every line that it wrote to the client. */
  readonly lines: string[] = []
  stderr = ''
  readonly #waiting = new Map<number, (message: JsonRpc) => void>()
  #count = 0

  constructor(home: Home, url: string, env: NodeJS.ProcessEnv = {}) {
    const child = spawn(process.execPath, [program, 'mcp', url], {
      env: { ...home.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    child.stdin.on('error', () => {})
    child.stderr.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()))
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.lines.push(line)
      const message = JSON.parse(line) as JsonRpc
      if (message.method === undefined) this.#waiting.get(message.id ?? -1)?.(message)
    })
    this.child = child
  }

  send(message: object): void {
    this.child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  }

  request(method: string, params: object = {}): Promise<JsonRpc> {
    this.#count += 1
    const id = this.#count
    const answer = new Promise<JsonRpc>((resolve) => this.#waiting.set(id, resolve))
    this.send({ id, method, params })
    return answer
  }

  async initialize(capabilities: object = {}): Promise<JsonRpc> {
    const clientInfo = { name: 'test', version: '1' }
    const answer = await this.request('initialize', { protocolVersion: '2025-11-25', capabilities, clientInfo })
    if (answer.error === undefined) this.send({ method: 'notifications/initialized' })
    return answer
  }

  async close(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const ended = once(this.child, 'exit')
    this.child.stdin?.end()
    await ended
  }
}

/** A browser, as BROWSER: writes down where it is sent. */
export class RecordingBrowser {
  readonly path: string
  readonly #log: string

  constructor(home: Home) {
    this.path = join(home.path, 'browser')
    this.#log = join(home.path, 'browser.log')
    writeFileSync(this.#log, '')
    writeFileSync(this.path, `#!/bin/sh\necho "$1" >>'${this.#log}'\n`, { mode: 0o755 })
  }

  /** Where it was sent, in this order. */
  get urls(): readonly string[] {
    return readFileSync(this.#log, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
  }

  /** As a user who sits in front of it: logs in and agrees, at the page that it was last sent to. */
  async agree(server: AuthorizationServer): Promise<void> {
    await fetch(await server.authorize(this.urls.at(-1) ?? ''))
  }
}
