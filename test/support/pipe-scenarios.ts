// Runs on Windows: `node pipe-scenarios.ts SCENARIO FOLDER` serves a pipe as the agent does, has it called, and prints what was seen.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, request, type Server } from 'node:http'
import { connect, createServer as createPlainServer, type Server as PlainServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Connections } from '../../src/agent/server/connections.ts'
import { callerOf } from '../../src/platform/process/caller.ts'
import { listenOn } from '../../src/platform/listen.ts'
import { isOwnPeer } from '../../src/platform/process/peer.ts'
import { servePipe } from '../../src/platform/pipe/serve-pipe.ts'
import { readWindowsProcess } from '../../src/platform/process/windows-process.ts'
import { win32 } from '../../src/platform/pipe/win32.ts'

const [scenario = '', folder = ''] = process.argv.slice(2)
const own = fileURLToPath(import.meta.url)
const say = (what: unknown): void => writeFileSync(1, `${JSON.stringify(what)}\n`)

async function serve(server: PlainServer): Promise<{ readonly name: string; readonly stop: () => void }> {
  const file = join(mkdtempSync(join(folder, 'pipe-')), 'agent.pipe')
  const bound = await listenOn(server, file)
  return { name: readFileSync(file, 'utf8'), stop: () => bound.remove() }
}

const answering = (): Server =>
  createServer((asked, answer) => answer.end(JSON.stringify({ caller: callerOf(asked.socket), isOwn: isOwnPeer(asked.socket) })))

async function ask(name: string): Promise<string> {
  const asked = request({ socketPath: name, agent: false }).end()
  const [answer] = (await once(asked, 'response')) as [AsyncIterable<Buffer>]
  let text = ''
  for await (const chunk of answer) text += chunk.toString()
  return text
}

/** Resolves when nobody is connected any more. */
function watch(server: Server): () => Promise<void> {
  const open = new Set<Socket>()
  server.on('connection', (socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  return async () => {
    while (open.size > 0) await pause(10)
    await pause(100)
  }
}

/** The lowest that are free: what is not given back makes them grow. */
function lowest(): { readonly descriptor: number; readonly handle: number } {
  const descriptor = openSync(own, 'r')
  closeSync(descriptor)
  const handle = win32()?.CreateEventW(null, 0, 0, null) ?? 0
  win32()?.CloseHandle(handle)
  return { descriptor, handle }
}

const scenarios: Readonly<Record<string, () => Promise<void>>> = {
  async callers() {
    const server = answering()
    const { name, stop } = await serve(server)
    const answers = join(folder, 'answers')
    const child = spawn(process.execPath, [own, 'ask', name, answers], { stdio: 'ignore' })
    await once(child, 'exit')
    const self = JSON.parse(await ask(name)) as unknown
    say({
      pid: process.pid,
      executable: process.execPath,
      child: child.pid,
      self,
      other: JSON.parse(readFileSync(answers, 'utf8')),
    })
    stop()
    server.close()
  },

  async ask() {
    writeFileSync(process.argv[4] ?? '', await ask(folder))
  },

  /** It speaks and is gone before this process gets to look. */
  async gone() {
    const server = answering()
    const { name, stop } = await serve(server)
    const seen = once(server, 'connection')
    const { pid = 0 } = spawn(process.execPath, [own, 'speak', name], { stdio: 'ignore' })
    const { OpenProcess, WaitForSingleObject, CloseHandle } = win32() ?? process.exit(1)
    // Holding it keeps what there is to know of it, as if its pid were another's already.
    const [synchronize, forEver] = [0x10_0000, 0xffff_ffff]
    const held = OpenProcess(synchronize, 0, pid)
    WaitForSingleObject(held, forEver)
    const [socket] = (await seen) as [Socket]
    say({ pid, looked: readWindowsProcess(pid), caller: callerOf(socket), isOwn: isOwnPeer(socket) })
    CloseHandle(held)
    stop()
    server.close()
  },

  async speak() {
    const socket = connect(folder)
    socket.write('GET / HTTP/1.1\r\n\r\n', () => process.exit())
    await once(socket, 'close')
  },

  async many() {
    const server = answering()
    const settled = watch(server)
    const { name, stop } = await serve(server)
    const answers: string[] = []
    const round = async (one: number, together: number, leaving: number): Promise<void> => {
      for (let count = 0; count < one; count++) answers.push(await ask(name))
      answers.push(...(await Promise.all(Array.from({ length: together }, () => ask(name)))))
      for (let count = 0; count < leaving; count++) {
        const socket = connect(name).on('error', () => {})
        // Some before they are connected, some after.
        if (count % 2 === 0) await once(socket, 'connect')
        socket.destroy()
      }
      await settled()
    }
    await round(20, 200, 20)
    const before = lowest()
    await round(1000, 200, 200)
    say({ before, after: lowest(), answers: answers.length, callers: new Set(answers).size, last: await ask(name) })
    stop()
    server.close()
  },

  /** Ends by itself: nothing is left that waits. */
  async close() {
    const server = answering()
    const settled = watch(server)
    const { name, stop } = await serve(server)
    await ask(name)
    await settled()
    stop()
    const after = await ask(name).catch((error: NodeJS.ErrnoException) => error.code)
    const again = await serve(server)
    const answer = await ask(again.name)
    say({ after, isSame: name === again.name, answer: answer.length > 0 })
    again.stop()
    server.close()
  },

  async exit() {
    const { name } = await serve(answering())
    await ask(name)
    say({})
    process.exit(7)
  },

  async limits() {
    const connections = new Connections({
      arrivalTimeoutMs: 200,
      idleTimeoutMs: 60_000,
      onLate: (socket) => socket.end('too late'),
    })
    const first = await serve(createPlainServer((socket) => void connections.add(socket.resume())))
    const slow = connect(first.name)
    slow.write('GET / HT')
    const [late] = (await once(slow, 'data')) as [Buffer]
    slow.destroy()
    first.stop()

    const small = answering()
    small.maxConnections = 3
    const second = await serve(small)
    const sockets: Socket[] = []
    const became: string[] = []
    for (let count = 0; count < 5; count++) {
      const socket = connect(second.name).on('error', () => {})
      sockets.push(socket)
      socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
      became.push(await Promise.race([once(socket, 'data').then(() => 'served'), once(socket, 'close').then(() => 'refused')]))
    }
    say({ late: late.toString(), became })
    for (const socket of sockets) socket.destroy()
    second.stop()
    small.close()
  },

  /** What the pipe's own access list says. */
  async access() {
    const server = answering()
    const { name, stop } = await serve(server)
    const { koffi, CloseHandle, LocalFree } = win32() ?? process.exit(1)
    const [kernel, advapi] = [koffi.load('kernel32.dll'), koffi.load('advapi32.dll')]
    const open = kernel.func('intptr_t CreateFileW(str16, uint32_t, uint32_t, void *, uint32_t, uint32_t, intptr_t)')
    const security = advapi.func('uint32_t GetSecurityInfo(intptr_t, int, uint32_t, void *, void *, void *, void *, void *)')
    const toText = advapi.func(
      'int ConvertSecurityDescriptorToStringSecurityDescriptorW(uint64_t, uint32_t, uint32_t, void *, void *)',
    )
    const [readControl, openExisting, kernelObject, dacl] = [0x2_0000, 3, 6, 4]
    const pipe = open(name, readControl, 0, null, openExisting, 0, 0) as number
    const [descriptor, text] = [Buffer.alloc(8), Buffer.alloc(8)]
    const error = security(pipe, kernelObject, dacl, null, null, null, null, descriptor) as number
    toText(descriptor.readBigUInt64LE(), 1, dacl, text, null)
    say({ error, list: koffi.decode.string16(text.readBigUInt64LE()), caller: JSON.parse(await ask(name)) })
    LocalFree(descriptor.readBigUInt64LE())
    CloseHandle(pipe)
    stop()
    server.close()
  },

  async squatted() {
    const name = `\\\\.\\pipe\\authsock-test-${process.pid}`
    const squatter = createPlainServer().listen(name)
    await once(squatter, 'listening')
    try {
      servePipe(answering(), name)?.()
      say({ made: true })
    } catch (error) {
      say({ code: (error as { code: string }).code })
    }
    squatter.close()
  },
}

await scenarios[scenario]?.()
