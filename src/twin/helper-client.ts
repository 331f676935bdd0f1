// The thin client in TypeScript: the same table, requests and answers as the native one (src/thin-client).

import { spawn, spawnSync } from 'node:child_process'
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import { asFailure, exitCodes, Failure } from '../core/failures.ts'
import { defined } from '../core/util/defined.ts'
import { stripControls } from '../core/util/text.ts'
import { isForegroundProcess } from '../platform/process/foreground.ts'
import { failureAnswer } from '../wire/helper-failure.ts'
import { type FailureForm, findHelper, type HelperName, type HelperRow } from '../wire/helper-table.ts'
import { encodeHelperCall, helperHeaders, helperType } from '../wire/helper.ts'
import { problemType } from '../wire/problem.ts'
import { connectTransport, orStart } from '../client/connection.ts'
import { program, selfCommand } from '../platform/self.ts'
import type { Transport } from '../client/transport.ts'

const maxInputBytes = 256 * 1024

export interface HelperStart {
  readonly helper: HelperRow
  /** The name that the tool called; the program that a request is passed on to has it too. */
  readonly program: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
}

interface Answer {
  readonly stdout: Buffer
  readonly stderr: Buffer
  /** Undefined: the conversation continues with the next line. */
  readonly exit: number | undefined
  readonly login: string | undefined
  readonly passOn: boolean
}

export interface HelperCaller {
  /** What the helper prints. Throws the agent's Failure; starts no login. */
  call(name: HelperName, args: readonly string[], stdin?: string): Promise<string>
  close(): void
}

/** For the command line: without a terminal, so that no login starts. */
export function helperCaller(env: NodeJS.ProcessEnv): HelperCaller {
  const { transport, start: startAgent } = connectTransport({ env })
  return {
    call: async (name, args, stdin = '') => {
      const helper = findHelper(name)
      if (helper === undefined) throw new Failure('not_found', `unknown helper '${name}'`)
      const start = { helper, program: name, args, env, terminal: false, accept: problemType }
      return (await orStart(() => call(transport, start, Buffer.from(stdin)), startAgent, true)).stdout.toString()
    },
    close: () => transport.close(),
  }
}

/** One call of a tool; the result is the exit code. A failure is told in the form of the tool's protocol (H9). */
export async function runHelper(start: HelperStart): Promise<number> {
  // Nothing was written to the tool yet.
  const conversation = { isFresh: true }
  try {
    return await serve(start, conversation)
  } catch (error) {
    const form = error instanceof StdoutFailure ? undefined : start.helper.failure
    return tellFailure(asFailure(error), form, conversation.isFresh)
  }
}

/** It can be told on stderr only. */
class StdoutFailure extends Failure {}

async function tellFailure(failure: Failure, form: FailureForm | undefined, isFresh: boolean): Promise<number> {
  const { stdout, stderr, exit } = failureAnswer(failure, form)
  if (isFresh && form?.greeting !== undefined) {
    await write(process.stdout, Buffer.from(form.greeting))
    // The tool sends its first request once it has read the greeting.
    for (let part = readSome(); part.length > 0 && !part.includes(0x0a); part = readSome()) continue
  }
  if (stderr !== '') await write(process.stderr, Buffer.from(stderr))
  if (stdout !== '') await write(process.stdout, Buffer.from(stdout))
  return exit
}

async function serve(start: HelperStart, conversation: { isFresh: boolean }): Promise<number> {
  const { transport, start: startAgent } = connectTransport({ env: start.env })
  try {
    const callOnce = (body: Buffer): ReturnType<typeof call> =>
      whileTelling(() => orStart(() => call(transport, { ...start, terminal: hasTerminal(start.env) }, body), startAgent, true))
    const converse = async (input: Buffer): Promise<number | undefined> => {
      const code = await converseOnce(start, callOnce, input)
      conversation.isFresh = false
      return code
    }
    switch (start.helper.stdin) {
      case 'lines':
        return await converseByLine(converse)
      case 'none':
        return (await converse(Buffer.alloc(0))) ?? exitCodes.unexpected
      case 'all':
      case 'block':
        return (await converse(readInput(start.helper.stdin))) ?? exitCodes.unexpected
    }
  } finally {
    transport.close()
  }
}

/** As in thin-client/agent.c. */
const silenceMs = 2_000
let wasTold = false

/** A tool that waits in silence looks as if it hung (U5). */
async function whileTelling<T>(work: () => Promise<T>): Promise<T> {
  const timer = setTimeout(() => {
    if (!wasTold && process.stderr.isTTY)
      process.stderr.write(
        'authsock: waiting for the agent; if it asks you for an approval, answer there or with `authsock approve`\n',
      )
    wasTold = true
  }, silenceMs)
  try {
    return await work()
  } finally {
    clearTimeout(timer)
  }
}

async function converseOnce(
  start: HelperStart,
  ask: (input: Buffer) => Promise<Answer>,
  input: Buffer,
): Promise<number | undefined> {
  let answer = await ask(input)
  if (answer.login !== undefined && logIn(answer.login, start.env)) answer = await ask(input)
  if (answer.passOn) return passOn(start)
  if (answer.stderr.length > 0) await write(process.stderr, Buffer.from(sanitize(answer.stderr)))
  if (answer.stdout.length > 0 && !(await write(process.stdout, answer.stdout))) {
    throw new StdoutFailure('unexpected', 'stdout cannot be written', { hint: '' })
  }
  return answer.exit
}

async function converseByLine(converse: (input: Buffer) => Promise<number | undefined>): Promise<number> {
  let code = await converse(Buffer.alloc(0))
  let pending = Buffer.alloc(0)
  while (code === undefined) {
    const end = pending.indexOf(0x0a)
    if (end >= 0) {
      const line = pending.subarray(0, pending[end - 1] === 0x0d ? end - 1 : end)
      pending = pending.subarray(end + 1)
      // An empty line would start the conversation again.
      if (line.length > 0) code = await converse(line)
      continue
    }
    if (pending.length > maxInputBytes) throw new Failure('too_large', `a line of stdin is larger than ${maxInputBytes} bytes`)
    const part = readSome()
    if (part.length === 0) return exitCodes.ok
    pending = Buffer.concat([pending, part])
  }
  return code
}

interface Call extends HelperStart {
  readonly terminal: boolean
  readonly accept?: string
}

async function call(transport: Transport, { helper, args, env, terminal, accept }: Call, stdin: Buffer): Promise<Answer> {
  const known = helper.env.flatMap((name) => {
    const value = env[name]
    return value === undefined || value === '' ? [] : [[name, value] as const]
  })
  const body = encodeHelperCall({ args, env: Object.fromEntries(known), terminal, stdin })
  const { bytes, headers, status } = await transport.call({
    method: 'POST',
    path: `/v1/helper/${helper.name}`,
    ...defined({ accept }),
    content: { type: helperType, body },
  })
  const header = (name: string): string | undefined => {
    const value = headers[name.toLowerCase()]
    return typeof value === 'string' ? value : undefined
  }
  const split = Number(header(helperHeaders.stdout) ?? Number.NaN)
  const exit = header(helperHeaders.exit)
  if (!Number.isInteger(split)) throw new Failure('unexpected', `the agent answered with status ${status}`)
  if (split > bytes.length) throw new Failure('unexpected', 'the agent hung up in the middle of its answer')
  return {
    stdout: bytes.subarray(0, split),
    stderr: bytes.subarray(split),
    exit: exit === undefined ? undefined : Number(exit),
    login: header(helperHeaders.login),
    passOn: header(helperHeaders.passOn) !== undefined,
  }
}

/** Runs the next program of this name on the PATH with the same arguments. */
async function passOn({ program: name, args, env }: HelperStart): Promise<number> {
  const next = env['AUTHSOCK_PASSED_ON'] === undefined ? findNext(name, env) : undefined
  // There is none, so there is no credential.
  if (next === undefined) return exitCodes.unexpected
  const child = spawn(next, args, { stdio: 'inherit', env: { ...env, AUTHSOCK_PASSED_ON: '1' } })
  return new Promise((resolve) => {
    child.on('error', () => resolve(exitCodes.unexpected))
    child.on('exit', (code, signal) => resolve(code ?? (signal === null ? exitCodes.unexpected : 128)))
  })
}

function findNext(name: string, env: NodeJS.ProcessEnv): string | undefined {
  const own = statSync(program()).ino
  const names = process.platform === 'win32' ? [`${name}.exe`, `${name}.cmd`] : [name]
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder))
  return folders
    .flatMap((folder) => names.map((each) => join(folder, each)))
    .find((path) => {
      const stats = statSync(path, { throwIfNoEntry: false })
      if (stats?.isFile() !== true || stats.ino === own || isOwnScript(path, stats.size, name)) return false
      return process.platform === 'win32' || (stats.mode & 0o111) !== 0
    })
}

/** A script that starts this program, where links are not possible. */
function isOwnScript(path: string, size: number, name: string): boolean {
  try {
    return size < 4096 && readFileSync(path, 'latin1').includes(` --as ${name} `)
  } catch {
    return false
  }
}

/** On the terminal, whatever stdin and stdout are. Others that need the same login wait for this one. */
function logIn(profile: string, env: NodeJS.ProcessEnv): boolean {
  const terminal = openTerminal()
  if (terminal === undefined) return false
  const [command, ...args] = selfCommand()
  const { status } = spawnSync(command, [...args, 'login', profile, '--wait'], {
    stdio: [terminal, terminal, terminal],
    env,
  })
  closeSync(terminal)
  return status === 0
}

/** Whether a login may ask here. A background job must not read from the terminal (H10). */
function hasTerminal(env: NodeJS.ProcessEnv): boolean {
  if ((env['CI'] ?? '') !== '' || !isForegroundProcess()) return false
  const terminal = openTerminal()
  if (terminal !== undefined) closeSync(terminal)
  return terminal !== undefined
}

function openTerminal(): number | undefined {
  try {
    return openSync(process.platform === 'win32' ? '\\\\.\\CONIN$' : '/dev/tty', 'r+')
  } catch {
    return undefined
  }
}

function readInput(until: 'all' | 'block'): Buffer {
  let input = Buffer.alloc(0)
  for (;;) {
    const part = readSome()
    input = Buffer.concat([input, part])
    if (input.length > maxInputBytes) throw new Failure('too_large', `stdin is larger than ${maxInputBytes} bytes`)
    const isWhole = until === 'block' && (input.toString('latin1') === '\n' || input.subarray(-2).toString('latin1') === '\n\n')
    if (part.length === 0 || isWhole) return input
  }
}

function readSome(): Buffer {
  const part = Buffer.alloc(65_536)
  for (;;) {
    try {
      return part.subarray(0, readSync(0, part))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EOF') return Buffer.alloc(0)
      // A terminal that another program has set to non-blocking.
      if (code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
    }
  }
}

/** Servers and other programs choose parts of the text (S10). */
const sanitize = (bytes: Buffer): string => bytes.toString().split('\t').map(stripControls).join('\t')

/** Whether all bytes were written. */
const write = (stream: NodeJS.WriteStream, bytes: Buffer): Promise<boolean> =>
  new Promise((resolve) => {
    // The callback, which is called first, reports it.
    const ignore = (): void => {}
    stream.on('error', ignore)
    stream.write(bytes, (error) => {
      const isWritten = error === null || error === undefined
      if (isWritten) stream.off('error', ignore)
      resolve(isWritten)
    })
  })
