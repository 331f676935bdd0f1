// A scratch home: folders of its own, an agent of its own, the real programs run in it. Knows nothing of vitest.

import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chownSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as pause } from 'node:timers/promises'

/** As built.ts has built it; from its source where a program of its own uses this (the demo, the soak). */
export const program = process.env['AUTHSOCK_TEST_PROGRAM'] ?? fileURLToPath(new URL('../../src/main.ts', import.meta.url))

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly stdin?: string
  /** Called with all of stderr whenever more of it comes. */
  readonly onStderr?: (text: string, child: ChildProcess) => void
}

interface HomeOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly keyFile?: boolean
  readonly uid?: number
}

export class Home {
  readonly path = realpathSync(mkdtempSync(join(tmpdir(), 'authsock-')))
  readonly env: NodeJS.ProcessEnv
  /** What `authsock` is here; a test may set another copy, or the single-file program. */
  program = program
  readonly #children = new Set<ChildProcess>()

  readonly #owner: { readonly uid?: number; readonly gid?: number }

  /** Without `keychain`, the master key lies in a key file. `uid`: whose it is, and who the programs run as; only root can. */
  constructor({ env = {}, keyFile = true, uid }: HomeOptions = {}) {
    const runtime = join(this.path, 'run')
    mkdirSync(runtime, { mode: 0o700 })
    this.#owner = uid === undefined ? {} : { uid, gid: uid }
    for (const folder of [this.path, runtime]) this.#own(folder)
    this.env = {
      PATH: process.env['PATH'],
      HOME: this.path,
      XDG_RUNTIME_DIR: runtime,
      XDG_CONFIG_HOME: join(this.path, 'config'),
      XDG_STATE_HOME: join(this.path, 'state'),
      LANG: 'C.UTF-8',
      ...(process.env['TMPDIR'] === undefined ? {} : { TMPDIR: process.env['TMPDIR'] }),
      // Tools in JavaScript would leave theirs in TMPDIR.
      NODE_DISABLE_COMPILE_CACHE: '1',
      ...(keyFile ? { AUTHSOCK_MASTER_KEY_FILE: join(this.path, 'master.key') } : {}),
      ...env,
    }
  }

  get socket(): string {
    return join(this.env['XDG_RUNTIME_DIR'] ?? '', 'authsock', 'agent.sock')
  }

  get vault(): string {
    return join(this.path, 'state', 'authsock', 'vault')
  }

  get configFile(): string {
    return join(this.path, 'config', 'authsock', 'config.toml')
  }

  /** Another agent over this home: a runtime folder of its own, the same vault. */
  second(): NodeJS.ProcessEnv {
    const runtime = join(this.path, `run-${randomBytes(3).toString('hex')}`)
    mkdirSync(runtime, { mode: 0o700 })
    return { ...this.env, XDG_RUNTIME_DIR: runtime }
  }

  config(text: string): void {
    mkdirSync(join(this.configFile, '..'), { recursive: true, mode: 0o700 })
    writeFileSync(this.configFile, text)
    for (const path of [join(this.path, 'config'), join(this.configFile, '..'), this.configFile]) this.#own(path)
  }

  #own(path: string): void {
    const { uid, gid } = this.#owner
    if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid)
  }

  spawn(args: readonly string[], { env = {} }: RunOptions = {}): ChildProcess {
    const [command, ...first] = /\.[jt]s$/.test(this.program) ? [process.execPath, this.program] : [this.program]
    const child = spawn(command, [...first, ...args], {
      env: { ...this.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      cwd: this.path,
      ...this.#owner,
    })
    this.#children.add(child)
    child.on('exit', () => this.#children.delete(child))
    return child
  }

  /** `authsock ...`, to its end. */
  async run(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
    const child = this.spawn(args, options)
    let stdout = ''
    let stderr = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      stdout += chunk.toString()
    })
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk.toString()
      options.onStderr?.(stderr, child)
    })
    child.stdin?.on('error', () => {})
    child.stdin?.end(options.stdin)
    const [code] = (await once(child, 'close')) as [number | null]
    return { code, stdout, stderr }
  }

  /** The agent in the foreground; resolves when it answers. An earlier one that was told to stop may still be ending: it is waited for. */
  async startAgent(
    args: readonly string[] = [],
    env: NodeJS.ProcessEnv = this.env,
  ): Promise<ChildProcess & { log: () => string }> {
    const child = this.spawn(['agent', ...args], { env })
    let log = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      log += chunk.toString()
    })
    const socket = join(env['XDG_RUNTIME_DIR'] ?? '', 'authsock', 'agent.sock')
    for (;;) {
      if (child.exitCode === 0 && log.includes('already running')) return this.startAgent(args, env)
      if (child.exitCode !== null) throw new Error(`the agent ended with ${child.exitCode}: ${log}`)
      if (await answers(socket)) return Object.assign(child, { log: () => log })
      await pause(25)
    }
  }

  /** Over the socket, as any HTTP client would. */
  http(method: string, path: string, options: HttpOptions = {}): Promise<HttpAnswer> {
    return http(options.socket ?? this.socket, method, path, options)
  }

  /** Stops what is still running and removes the folder. */
  async close(): Promise<void> {
    await this.run(['stop']).catch(() => {})
    for (const child of this.#children) child.kill('SIGKILL')
    for (const child of this.#children) if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    rmSync(this.path, { recursive: true, force: true, maxRetries: 5 })
  }
}

interface HttpOptions {
  readonly socket?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  json<T = Record<string, unknown>>(): T
}

async function http(socketPath: string, method: string, path: string, { headers = {}, body }: HttpOptions): Promise<HttpAnswer> {
  const content = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
  const outgoing = request({ socketPath, method, path, headers: { host: 'authsock', ...headers }, agent: false })
  outgoing.end(content)
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString()
  return { status: response.statusCode ?? 0, headers: response.headers, text, json: <T>() => JSON.parse(text) as T }
}

async function answers(socket: string): Promise<boolean> {
  try {
    await http(socket, 'GET', '/v1/status', {})
    return true
  } catch {
    return false
  }
}
