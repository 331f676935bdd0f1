// A share over the stdin and stdout of whatever reaches the other side: `authsock relay SHARE` is one connection of whoever started
// it; `authsock relay SHARE -- COMMAND` starts COMMAND, which ends in `authsock-client relay`, and carries any number of them.

import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import { constants } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { Failure } from '../../core/failures.ts'
import { address, connectionFailure } from '../../client/local.ts'
import { connectGreeting, readGreeting } from '../../wire/relay-frames.ts'
import type { Context } from '../context.ts'
import { notStarted } from '../exec/child.ts'
import { RelayStreams } from './relay-streams.ts'

type Child = ChildProcessByStdio<Writable, Readable, null>

/** ms for a command to end by itself when its pipe has, and then after a signal. */
const patience = 5_000
/** ms for more of what is no relay, and bytes of it that are shown. */
const more = 300
const shown = 200

const ends = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export async function relay(context: Context, name: string): Promise<void> {
  const { socket = '' } = await (await context.agent()).share(name)
  context.close()
  context.exitCode = context.command.length === 0 ? await relayOne(socket) : await relayMany(context, name, socket)
}

async function relayOne(path: string): Promise<number> {
  const connection = connect(address(path))
  process.stdin.pipe(connection)
  connection.pipe(process.stdout)
  const code = await new Promise<number>((resolve) => {
    connection.on('error', () => resolve(new Failure('agent_unreachable', '').exitCode))
    connection.on('close', () => resolve(0))
  })
  process.stdin.destroy()
  return code
}

/** The exit code: the command's own, or 128 and the signal that ended it or this process. Throws where the other end is no relay. */
async function relayMany(context: Context, name: string, path: string): Promise<number> {
  const [program = '', ...args] = context.command
  const child: Child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], env: context.env })
  const exited = endOf(child)
  let told: NodeJS.Signals | undefined
  const tell = (signal: NodeJS.Signals): void => {
    // Once more: whoever asks does not want to wait.
    if (told !== undefined) child.kill(signal)
    told = signal
    endPipe(child, signal)
  }
  for (const signal of ends) process.on(signal, tell)
  try {
    const carried = carry(context, name, path, child)
    // What it has said before its end is still to be read; whoever holds the pipe after it is not waited for.
    const hasBegun = await Promise.race([carried, exited.then(() => pause(more, false))])
    endPipe(child)
    const code = await exited
    if (told !== undefined) return 128 + constants.signals[told]
    if (!hasBegun) context.terminal.failure(neverBegan(program, code), context.asJson)
    return code
  } catch (error) {
    if (child.pid === undefined) return notStarted(program, error as NodeJS.ErrnoException, context)
    endPipe(child, 'SIGTERM', more)
    await exited
    throw error
  } finally {
    for (const signal of ends) process.off(signal, tell)
  }
}

const neverBegan = (program: string, code: number): Failure =>
  new Failure('bad_request', `'${program}' ended (${code}) before the relay began`, {
    hint: 'it is to start `authsock-client relay` at the other end, and the thin client has to be there',
  })

function endOf(child: Child): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on('error', (error) => {
      // A signal that could not be sent is no end.
      if (child.pid === undefined) reject(error)
    })
    child.on('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])))
  })
}

/** The end of its stdin is what ends the other side; a command that stays is ended. */
function endPipe(child: Child, signal: NodeJS.Signals = 'SIGTERM', time = patience): void {
  child.stdin.destroy()
  child.stdout.destroy()
  const timers = [setTimeout(() => child.kill(signal), time), setTimeout(() => child.kill('SIGKILL'), time + patience)]
  const clear = (): void => {
    for (const timer of timers) clearTimeout(timer)
  }
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) clear()
  else child.once('exit', clear)
}

/** To the end of the pipe; whether a relay was at the other end at all. Throws bad_request where something else speaks. */
function carry(context: Context, name: string, path: string, { stdin, stdout }: Child): Promise<boolean> {
  const streams = new RelayStreams({
    pipe: stdin,
    connect: (): Socket => connect({ path: address(path), allowHalfOpen: true }),
    onConnected: sayOnce(context, path),
  })
  let greeting: Buffer | undefined = Buffer.alloc(0)
  let isForeign = false
  const greet = (chunk: Buffer): Buffer => {
    greeting = Buffer.concat([greeting ?? Buffer.alloc(0), chunk])
    const greeted = readGreeting(greeting)
    isForeign = greeted.state === 'not_a_relay'
    if (greeted.state !== 'greeted') return Buffer.alloc(0)
    greeting = undefined
    if (context.asJson) context.terminal.json({ share: name, socket: greeted.socketPath })
    else context.terminal.note(`the share '${name}' is at ${greeted.socketPath} there, until this ends`)
    return greeted.rest
  }
  return new Promise<boolean>((resolve, reject) => {
    let waiting: NodeJS.Timeout | undefined
    const refuse = (): void => reject(foreign(context.command[0] ?? '', greeting ?? Buffer.alloc(0)))
    stdout.on('data', (chunk: Buffer) => {
      try {
        streams.receive(greeting === undefined ? chunk : greet(chunk))
        if (isForeign) waiting ??= setTimeout(refuse, more)
        if (!streams.isCrowded) return
        stdout.pause()
        stdin.once('drain', () => stdout.resume())
      } catch (error) {
        reject(error)
      }
    })
    stdout.on('error', () => stdout.destroy())
    stdout.on('close', () => {
      if (isForeign) refuse()
      resolve(greeting === undefined)
    })
    // Nobody reads it: the end of stdout says the rest.
    stdin.on('error', () => {})
    stdin.write(connectGreeting)
  }).finally(() => streams.close())
}

/** Each trouble once, until it is over: a loop over there is not to fill a terminal here. */
function sayOnce({ terminal }: Context, path: string): (error: unknown) => void {
  let said: string | undefined
  return (error) => {
    const failure = error === undefined ? undefined : connectionFailure(error as NodeJS.ErrnoException, path)
    if (failure !== undefined && failure.message !== said) terminal.note(failure.message)
    said = failure?.message
  }
}

function foreign(program: string, bytes: Buffer): Failure {
  const start = JSON.stringify(bytes.subarray(0, shown).toString())
  return new Failure('bad_request', `what '${program}' says first is not a relay: ${start}`, {
    hint: 'a greeting of the shell? stdout has to be `authsock-client relay` alone',
  })
}
