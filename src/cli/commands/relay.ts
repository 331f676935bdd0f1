// `authsock relay SHARE`: a share over stdin and stdout. Alone, it is one connection; with `-- COMMAND` it starts COMMAND, which
// ends in `authsock-client relay` on the other side, and carries many connections (protocol/relay.md).

import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import { constants } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import type { Command } from 'commander'
import { address, connectionFailure } from '../../client/transport.ts'
import { Failure } from '../../core/failures.ts'
import { connectGreeting, readGreeting } from '../../wire/relay-frames.ts'
import type { Context } from '../context.ts'
import { reportNotStarted } from '../exec/child.ts'
import type { MakeLeaf } from '../leaf.ts'
import { RelayStreams } from '../share/relay-streams.ts'

type Child = ChildProcessByStdio<Writable, Readable, null>

/** For a command to end by itself once its pipe is closed, and then after a signal. */
const endTimeoutMs = 5_000
/** For the rest of a first message that is not a relay's greeting. */
const moreOutputMs = 300
const maxShownBytes = 200

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export function register(root: Command, leaf: MakeLeaf): void {
  leaf(root, 'relay <share>', 'carry a share over the stdin and stdout of docker exec, kubectl exec, ssh ...', relay)
    .usage('<share> [-- command...]')
    .addHelpText(
      'after',
      `
Examples:
  authsock relay devbox -- docker exec -i CONTAINER authsock-client relay
  authsock relay devbox -- kubectl exec -i POD -- authsock-client relay
  authsock relay devbox -- wsl.exe authsock-client relay
  authsock relay devbox -- ssh ada@build.example.com authsock-client relay /tmp/authsock-ada/agent.sock

The command has to run \`authsock-client relay\` on the other side, which creates a socket at the default place (or at the
given path) and carries any number of connections until either side ends. stdin and stdout are a pipe: do not use -t.

Without a command, stdin and stdout are one connection to the share, for programs that create the socket themselves.`,
    )
}

async function relay(context: Context, name: string): Promise<void> {
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

/** The exit code: the command's own, or 128 and the signal that ended it or this process. Throws bad_request. */
async function relayMany(context: Context, name: string, path: string): Promise<number> {
  const [program = '', ...args] = context.command
  const child: Child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], env: context.env })
  const exited = exitOf(child)
  let received: NodeJS.Signals | undefined
  const onSignal = (signal: NodeJS.Signals): void => {
    // A second signal is passed on at once.
    if (received !== undefined) child.kill(signal)
    received = signal
    endPipe(child, signal)
  }
  for (const signal of signals) process.on(signal, onSignal)
  try {
    const carried = carry(context, name, path, child)
    // What the command wrote before it ended is still to be read; a process that keeps its pipe open is not waited for.
    const hasBegun = await Promise.race([carried, exited.then(() => pause(moreOutputMs, false))])
    endPipe(child)
    const code = await exited
    if (received !== undefined) return 128 + constants.signals[received]
    if (!hasBegun) context.terminal.failure(neverBegan(program, code), context.asJson)
    return code
  } catch (error) {
    if (child.pid === undefined) return reportNotStarted(program, error as NodeJS.ErrnoException, context)
    endPipe(child, 'SIGTERM', moreOutputMs)
    await exited
    throw error
  } finally {
    for (const signal of signals) process.off(signal, onSignal)
  }
}

const neverBegan = (program: string, code: number): Failure =>
  new Failure('bad_request', `'${program}' ended with exit code ${code} before the relay started`, {
    hint: 'it has to run `authsock-client relay` on the other side; check that the thin client is installed there',
  })

function exitOf(child: Child): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on('error', (error) => {
      // Also emitted if a signal could not be sent.
      if (child.pid === undefined) reject(error)
    })
    child.on('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])))
  })
}

/** The other side ends with its stdin; a command that does not end is killed. */
function endPipe(child: Child, signal: NodeJS.Signals = 'SIGTERM', timeoutMs = endTimeoutMs): void {
  child.stdin.destroy()
  child.stdout.destroy()
  const timers = [
    setTimeout(() => child.kill(signal), timeoutMs),
    setTimeout(() => child.kill('SIGKILL'), timeoutMs + endTimeoutMs),
  ]
  const clear = (): void => {
    for (const timer of timers) clearTimeout(timer)
  }
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) clear()
  else child.once('exit', clear)
}

/** To the end of the pipe; whether the other side was a relay at all. Throws bad_request if it is something else. */
function carry(context: Context, name: string, path: string, { stdin, stdout }: Child): Promise<boolean> {
  const streams = new RelayStreams({
    pipe: stdin,
    connect: (): Socket => connect({ path: address(path), allowHalfOpen: true }),
    onConnected: reportOnce(context, path),
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
    else context.terminal.note(`the share '${name}' is available at ${greeted.socketPath} on the other side`)
    return greeted.rest
  }
  return new Promise<boolean>((resolve, reject) => {
    let waiting: NodeJS.Timeout | undefined
    const refuse = (): void => reject(notARelay(context.command[0] ?? '', greeting ?? Buffer.alloc(0)))
    stdout.on('data', (chunk: Buffer) => {
      try {
        streams.receive(greeting === undefined ? chunk : greet(chunk))
        if (isForeign) waiting ??= setTimeout(refuse, moreOutputMs)
        if (!streams.isCongested) return
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
    // A command that ended: the end of stdout decides.
    stdin.on('error', () => {})
    stdin.write(connectGreeting)
  }).finally(() => streams.close())
}

/** Each failure once until it changes: a loop on the other side must not fill this terminal. */
function reportOnce({ terminal }: Context, path: string): (error: unknown) => void {
  let reported: string | undefined
  return (error) => {
    const failure = error === undefined ? undefined : connectionFailure(error as NodeJS.ErrnoException, path)
    if (failure !== undefined && failure.message !== reported) terminal.note(failure.message)
    reported = failure?.message
  }
}

function notARelay(program: string, bytes: Buffer): Failure {
  const start = JSON.stringify(bytes.subarray(0, maxShownBytes).toString())
  return new Failure('bad_request', `'${program}' did not start a relay; its output begins with ${start}`, {
    hint: 'nothing but `authsock-client relay` may write to stdout: check for a login message of the shell',
  })
}
