// S9: a listening socket that accepts nobody for a while. Who connects waits, and is served afterwards.

import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { AcceptPause } from '../../../src/platform/accept-pause.ts'
import { listenOn } from '../../../src/platform/listen.ts'
import { describeWith, isLinux, isPosix } from '../../support/real-part.ts'

describeWith({ 'Unix sockets': isPosix }, 'S9 a pause of accepting', () => {
  let folder: string
  let path: string
  let server: Server
  let accepting: AcceptPause
  let accepted: Socket[]
  const longMs = 3_600_000

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'authsock-accept-'))
    path = join(folder, 's')
    accepted = []
    server = createServer((socket) => {
      accepted.push(socket)
      socket.pipe(socket)
    })
    await listenOn(server, path, 0o600, 8)
    accepting = new AcceptPause(server, 8)
  })

  afterEach(() => {
    accepting.end()
    server.close()
    for (const socket of accepted) socket.destroy()
    rmSync(folder, { recursive: true, force: true })
  })

  async function ask(): Promise<string> {
    const socket = connect(path)
    socket.end('hello')
    const [answer] = (await once(socket, 'data')) as [Buffer]
    return answer.toString()
  }

  test.runIf(isLinux)('no descriptor is lost, and none is left to a program that is started', async () => {
    const ofChild = (): number => execFileSync('ls', ['/proc/self/fd']).toString().trim().split('\n').length
    const descriptors = (): readonly number[] => [readdirSync('/proc/self/fd').length, ofChild()]
    const before = descriptors()
    for (let count = 0; count < 50; count++) {
      accepting.pause(0)
      accepting.pause(0)
      await once(server, 'listening')
    }
    accepting.pause(longMs)
    expect(descriptors()).toEqual(before)
  })

  test('those who connect meanwhile are served afterwards, in their turn', async () => {
    // From within the callback, as the agent does it: the others of the same turn wait.
    server.once('connection', () => accepting.pause(50))
    const answers = Promise.all(Array.from({ length: 5 }, ask))
    await once(server, 'connection')
    await new Promise((resolve) => setImmediate(resolve))
    expect(accepted).toHaveLength(1)
    expect(await answers).toEqual(Array.from({ length: 5 }, () => 'hello'))
  })

  test('who was accepted is served meanwhile', async () => {
    const socket = connect(path)
    await once(socket, 'connect')
    await expect.poll(() => accepted.length).toBe(1)
    accepting.pause(longMs)
    socket.write('still here')
    expect(String((await once(socket, 'data'))[0])).toBe('still here')
    socket.destroy()
  })

  test('the queue is no longer than it was', async () => {
    accepting.pause(20)
    await expect.poll(() => server.listening).toBe(true)
    accepting.pause(longMs)
    const failures: string[] = []
    const sockets = Array.from({ length: 20 }, () =>
      connect(path).on('error', (error: NodeJS.ErrnoException) => failures.push(error.code ?? '')),
    )
    await expect.poll(() => failures.length).toBeGreaterThan(0)
    for (const socket of sockets) socket.destroy()
  })

  test('a server that is closed during it stays closed, and its clients hear of it', async () => {
    accepting.pause(20)
    const waiting = connect(path)
    const ended = new Promise((resolve) => waiting.once('close', resolve))
    waiting.on('error', () => {}).resume()
    await once(waiting, 'connect')
    accepting.end()
    await ended
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(server.listening).toBe(false)
  })
})
