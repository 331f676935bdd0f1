// R19, H1: the agent notices that its socket, its folder or its lock is gone or another's, and listens anew or ends; it removes only
// what it made.

import { once } from 'node:events'
import { existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Home } from '../../support/home.ts'
import { isPosix } from '../../support/real-part.ts'

let home: Home
let folder: string
let lock: string

beforeEach(() => {
  home = new Home()
  folder = join(home.socket, '..')
  lock = `${home.socket}.lock`
})

afterEach(() => home.close())

/** Of the agent that answers; undefined while none does. */
const pid = (): Promise<number | undefined> =>
  home.http('GET', '/v1/status').then(
    (answer) => answer.json<{ agent: { pid: number } }>().agent.pid,
    () => undefined,
  )

describe.runIf(isPosix)('what is at its place', () => {
  test('H1 its socket is removed: the next command is answered by the same agent', async () => {
    const agent = await home.startAgent()
    rmSync(home.socket)
    const { code, stdout } = await home.run(['status', '--json'])
    expect([code, (JSON.parse(stdout) as { agent: { pid: number } }).agent.pid]).toEqual([0, agent.pid])
    expect((lstatSync(home.socket).mode & 0o777).toString(8)).toBe('600')
    expect(agent.log()).toContain('was removed or replaced')
  })

  test('R19 its folder is removed, with the sockets of shares: all of it is made anew', async () => {
    const agent = await home.startAgent()
    home.config('[profile.work]\nissuer = "https://example.com"\nclient_id = "a"\n')
    const share = { profiles: ['work'], ttl: 60 }
    const { socket } = (await home.http('PUT', '/v1/shares/devbox', { body: share })).json<{ socket: string }>()
    rmSync(folder, { recursive: true })
    await expect.poll(pid).toBe(agent.pid)
    expect((lstatSync(folder).mode & 0o777).toString(8)).toBe('700')
    await expect
      .poll(() =>
        home.http('GET', '/v1/share', { socket }).then(
          ({ status }) => status,
          () => 0,
        ),
      )
      .toBe(200)
    // And again: it watches the new one.
    rmSync(folder, { recursive: true })
    await expect.poll(pid).toBe(agent.pid)
  })

  test('R19 its lock is removed: it takes it again, and who comes is told whose it is', async () => {
    const agent = await home.startAgent()
    rmSync(lock)
    await expect.poll(() => existsSync(lock) && readFileSync(lock, 'utf8')).toBe(`${agent.pid}\n`)
    const other = await home.run(['agent'])
    expect(other.stderr).toContain(`an agent is already running at ${home.socket} (pid ${agent.pid})`)
    expect(await pid()).toBe(agent.pid)
  })

  test('R19 another agent has taken its place: it ends, and leaves that one alone', async () => {
    const first = await home.startAgent()
    const ended = once(first, 'exit')
    first.kill('SIGSTOP')
    rmSync(lock)
    rmSync(home.socket)
    const second = await home.startAgent()
    first.kill('SIGCONT')
    expect(await ended).toEqual([0, null])
    expect(first.log()).toContain(`another agent (pid ${second.pid}) has taken the place of this one`)
    expect(await pid()).toBe(second.pid)
  })

  test('R19 another program listens at its place: it ends, and leaves that one alone', async () => {
    const agent = await home.startAgent()
    const ended = once(agent, 'exit')
    const server = createServer((socket) => socket.destroy())
    const elsewhere = join(home.path, 's')
    server.listen(elsewhere)
    await once(server, 'listening')
    renameSync(elsewhere, home.socket)
    expect(await ended).toEqual([0, null])
    expect(agent.log()).toContain(`another program listens at ${home.socket}`)
    expect(lstatSync(home.socket).isSocket()).toBe(true)
    // Nor does a new one take it away.
    expect(await home.run(['agent'])).toMatchObject({ code: 6, stderr: expect.stringContaining('another program listens') })
    server.close()
  })

  test('R19 a file at its place stays there', async () => {
    mkdirSync(folder, { mode: 0o700 })
    writeFileSync(home.socket, 'precious')
    expect(await home.run(['agent'])).toMatchObject({ code: 6, stderr: expect.stringContaining('is not a socket') })
    expect(readFileSync(home.socket, 'utf8')).toBe('precious')
  })

  test('R19 the folder above is gone: it ends', async () => {
    const agent = await home.startAgent()
    const ended = once(agent, 'exit')
    rmSync(join(folder, '..'), { recursive: true })
    expect(await ended).toEqual([0, null])
    expect(agent.log()).toContain('was removed')
    mkdirSync(join(folder, '..'), { mode: 0o700 })
  })

  test('R19 a stop removes its socket, and nothing else', async () => {
    const agent = await home.startAgent()
    writeFileSync(join(folder, 'mine'), 'a')
    agent.kill('SIGTERM')
    await once(agent, 'exit')
    expect([existsSync(home.socket), existsSync(join(folder, 'mine'))]).toEqual([false, true])
  })
})
