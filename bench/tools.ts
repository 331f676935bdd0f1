// The C programs of the benchmark, made for this run, and what they say; and the peers that are installed.

import { execFile, type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { findCompiler } from '../scripts/thin-client.ts'
import { processorTime } from './process.ts'

const run = promisify(execFile)
const sources = fileURLToPath(new URL('c/', import.meta.url))
const names = ['once', 'floor', 'rounds', 'load'] as const
export const dist = fileURLToPath(new URL('../dist/', import.meta.url))

/** Seconds that the rounds of a table may take. */
const longest = 60

export interface Load {
  readonly mode: 'keep' | 'each' | 'rate' | 'burst'
  readonly socket: string
  readonly connections: number
  readonly seconds?: number
  /** A second. */
  readonly rate?: number
  readonly target?: string
  /** What every answer must hold; without it: what the first holds. */
  readonly token?: string
  /** Of the server: its time on the processor is measured as well. */
  readonly pid?: number
}

export interface Loaded {
  readonly requests: number
  readonly errors: number
  readonly seconds: number
  /** Microseconds. */
  readonly p50: number
  readonly p99: number
  readonly p999: number
  readonly longest: number
  /** Microseconds of the server's processor time, all threads, for a request (and, where they are opened, its connection). */
  readonly cpu: number
}

export interface Command {
  readonly line: readonly string[]
  readonly stdin?: string
  /** Bytes that it prints at least. */
  readonly least?: number
}

export class Tools {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'authsock-bench-')))
  readonly #children = new Set<ChildProcess>()
  #files = 0

  async compile(): Promise<void> {
    const compiler = findCompiler()
    if (compiler === undefined) throw new Error('no C compiler: musl-gcc, zig or cc')
    const [program = '', ...rest] = compiler.command
    const options = ['-std=c11', '-O2', '-ffunction-sections', '-fdata-sections', '-Wall', '-Wextra', '-Werror']
    for (const name of names) {
      const files = [join(sources, `${name}.c`), '-o', join(this.folder, name)]
      await run(program, [...rest, ...options, ...files, ...compiler.link])
    }
  }

  /** The C client as the system's own compiler links it. Undefined where it has no static C library. */
  async compileBySystem(): Promise<string | undefined> {
    const output = join(this.folder, 'once-by-system')
    try {
      await run('cc', ['-static', '-O2', join(sources, 'once.c'), '-o', output])
      return output
    } catch {
      return undefined
    }
  }

  program(name: (typeof names)[number]): string {
    return join(this.folder, name)
  }

  file(content: string): string {
    this.#files += 1
    const path = join(this.folder, `file-${this.#files}`)
    writeFileSync(path, content)
    return path
  }

  socket(name: string): string {
    return join(this.folder, `${name}.sock`)
  }

  home(name: string): string {
    const path = join(this.folder, name)
    mkdirSync(path, { mode: 0o700 })
    return path
  }

  /** Runs until `close`. */
  start(line: readonly string[], env = process.env, stderr: 'inherit' | 'ignore' = 'inherit'): ChildProcess {
    const [program = '', ...args] = line
    const child = spawn(program, args, { env, stdio: ['ignore', 'ignore', stderr] })
    this.#children.add(child)
    child.on('exit', () => this.#children.delete(child))
    return child
  }

  /** The C server that is the floor, with this answer. */
  async startFloor(body: string): Promise<string> {
    const socket = this.socket('floor')
    const answer = `HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`
    this.start([this.program('floor'), socket, this.file(answer)])
    await listens(socket)
    return socket
  }

  /** The bare node:http server, with this answer. */
  async startBare(body: string, name = 'bare'): Promise<{ readonly socket: string; readonly pid: number }> {
    const socket = this.socket(name)
    const child = this.start(this.bareLine(socket, body))
    await listens(socket)
    return { socket, pid: child.pid ?? 0 }
  }

  bareLine(socket: string, body: string): readonly string[] {
    const answer = this.file(JSON.stringify({ type: 'text/plain; charset=utf-8', body }))
    return [process.execPath, fileURLToPath(new URL('bare-server.mjs', import.meta.url)), socket, answer]
  }

  /** Milliseconds of each command in each round; the commands by turns. Throws where one fails. */
  async rounds(
    count: number,
    commands: Readonly<Record<string, Command>>,
    env: NodeJS.ProcessEnv,
  ): Promise<ReadonlyMap<string, readonly number[]>> {
    const names = Object.keys(commands)
    const args = Object.values(commands).flatMap(({ line, stdin = '', least = 1 }) => [
      this.file(stdin),
      String(least),
      ...line,
      ';',
    ])
    const { stdout } = await run(this.program('rounds'), [String(count), String(longest), join(this.folder, 'output'), ...args], {
      env,
      maxBuffer: 1 << 26,
    })
    const found = new Map<string, number[]>(names.map((name) => [name, []]))
    for (const line of stdout.trim().split('\n')) {
      const [number = Number.NaN, ns = Number.NaN] = line.split(' ').map(Number)
      found.get(names[number] ?? '')?.push(ns / 1e6)
    }
    return found
  }

  /** Throws where one answer is not a token. */
  async load({
    mode,
    socket,
    connections,
    seconds = 0,
    rate = 1,
    target = '/v1/token?profile=work',
    token = '',
    pid,
  }: Load): Promise<Loaded> {
    const close = mode === 'each' ? 'Connection: close\r\n' : ''
    const request = `GET ${target} HTTP/1.1\r\nHost: authsock\r\nAccept: text/plain\r\n${close}\r\n`
    const files = [join(this.folder, 'request'), join(this.folder, 'body')] as const
    writeFileSync(files[0], request)
    writeFileSync(files[1], token)
    const numbers = [connections, seconds, rate].map(String)
    const before = pid === undefined ? Number.NaN : processorTime(pid)
    const { stdout } = await run(this.program('load'), [mode, socket, ...files, ...numbers])
    const loaded = JSON.parse(stdout) as Loaded
    const after = pid === undefined ? Number.NaN : processorTime(pid)
    return { ...loaded, cpu: (after - before) / loaded.requests }
  }

  /** Something that listens by itself and starts a server with the first request. */
  async startListener(line: readonly string[], socket: string): Promise<ChildProcess> {
    const child = this.start(line, process.env, 'ignore')
    for (let tries = 0; !existsSync(socket); tries++) {
      if (tries > 1000 || child.exitCode !== null) throw new Error(`${line[0] ?? ''} does not listen`)
      await pause(10)
    }
    // Between bind and listen.
    await pause(50)
    return child
  }

  /** Milliseconds from now to the first answer, which must be the token. */
  async untilAnswer(
    start: ChildProcess | (() => ChildProcess),
    socket: string,
    token: string,
  ): Promise<readonly [ChildProcess, number]> {
    const from = performance.now()
    const child = typeof start === 'function' ? start() : start
    while (child.exitCode === null && child.signalCode === null && performance.now() - from < 120_000) {
      const body = await answerOf(socket)
      if (body === token) return [child, performance.now() - from]
      if (body !== undefined) throw new Error(`not the token: ${body}`)
      await pause(1)
    }
    const end = child.signalCode ?? child.exitCode
    throw new Error(end === null ? 'no answer within two minutes' : `it ends with ${end} before it answers`)
  }

  async stop(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  async close(): Promise<void> {
    for (const child of this.#children) await this.stop(child)
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export async function listens(socket: string): Promise<void> {
  for (let tries = 0; tries < 2400; tries++) {
    if (existsSync(socket) && (await connects(socket))) return
    await pause(25)
  }
  throw new Error(`nobody listens at ${socket}`)
}

/** Undefined where nobody listens. */
async function answerOf(socketPath: string): Promise<string | undefined> {
  const asked = request({
    socketPath,
    path: '/v1/token?profile=work',
    headers: { host: 'authsock', accept: 'text/plain' },
    agent: false,
  })
  asked.end()
  try {
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    const chunks: Buffer[] = []
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk)
    return Buffer.concat(chunks).toString()
  } catch {
    return undefined
  }
}

async function connects(socket: string): Promise<boolean> {
  const connection = connect(socket)
  try {
    await once(connection, 'connect')
    return true
  } catch {
    return false
  } finally {
    connection.destroy()
  }
}
