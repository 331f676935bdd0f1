// The states of a share: its socket and its port, as listeners fail, ports are taken, and time passes.

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ShareListeners } from '../../../../src/agent/shares/open-share.ts'
import { Shares } from '../../../../src/agent/shares/shares.ts'
import { Failure } from '../../../../src/core/failures.ts'

const hour = 3_600_000

let folder: string
let now: number
let timer: { readonly at: number; readonly callback: () => void } | undefined
let warnings: string[]
let taken: Set<number>
let broken: boolean
let open: string[]

const clock = {
  now: () => now,
  after: (delay: number, callback: () => void) => {
    timer = { at: now + delay, callback }
    return () => (timer = undefined)
  },
}

const listeners: ShareListeners = {
  isReserved: () => false,
  listen: async (path) => {
    if (broken) throw new Error('no descriptors')
    open.push(path)
    return {
      isThere: () => open.includes(path),
      finish: async () => {},
      close: async () => void open.splice(open.indexOf(path), 1),
    }
  },
  listenOnTcp: async (port) => {
    if (taken.has(port)) throw new Failure('bad_request', `port ${port} is taken`)
    const found = port === 0 ? 4711 : port
    open.push(String(found))
    return { port: found, finish: async () => {}, close: async () => void open.splice(open.indexOf(String(found)), 1) }
  },
}

async function shares(): Promise<Shares> {
  const found = new Shares({
    clock,
    file: join(folder, 'shares.json'),
    folder: join(folder, 'shares'),
    onWarning: (text) => warnings.push(text),
  })
  await found.resume(listeners)
  return found
}

/** Lets the timer that is set ring, and waits until all that it began is done. */
async function wait(of: Shares, ms: number): Promise<void> {
  const end = now + ms
  while (timer !== undefined && timer.at <= end) {
    now = timer.at
    const { callback } = timer
    timer = undefined
    callback()
    await of.make('z', { profiles: ['work'], ttl: 400 * 86_400 })
  }
  now = end
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'authsock-shares-'))
  now = 1_700_000_000_000
  timer = undefined
  warnings = []
  taken = new Set()
  broken = false
  open = []
})

afterEach(() => rmSync(folder, { recursive: true }))

const request = { profiles: ['work'], ttl: 7200, tcp: true }
const secret = (): string => readFileSync(join(folder, 'shares', 'a', 'secret'), 'utf8')

test('listening, then expired: the port is closed at once, the socket a day later', async () => {
  const all = await shares()
  expect((await all.make('a', request)).tcp).toMatchObject({ port: 4711, listening: true })
  await wait(all, 2 * hour)
  expect(all.get('a').tcp).toMatchObject({ port: 4711, listening: false })
  expect(existsSync(join(folder, 'shares', 'a', 'secret'))).toBe(false)
  expect(open).toContain(join(folder, 'shares', 'a', 'agent.sock'))
  await wait(all, 26 * hour)
  expect(() => all.get('a')).toThrow('there is no share')
  expect(existsSync(join(folder, 'shares', 'a'))).toBe(false)
})

test('an expired share with new bounds listens at its port again', async () => {
  const all = await shares()
  await all.make('a', request)
  await wait(all, 3 * hour)
  expect((await all.make('a', { profiles: ['work'], ttl: 60 })).tcp).toMatchObject({ port: 4711, listening: true })
})

test('a port that another program has is missed: reported once, tried again, with another secret then', async () => {
  const first = await shares()
  await first.make('a', request)
  const before = secret()
  await first.close()
  expect(open).toEqual([])
  taken.add(4711)
  const all = await shares()
  expect(all.get('a').tcp).toMatchObject({ listening: false })
  expect(existsSync(join(folder, 'shares', 'a', 'secret'))).toBe(false)
  await wait(all, 60_000)
  expect(warnings).toEqual([expect.stringContaining("the share 'a' does not listen on TCP")])
  // New bounds do not fail for it.
  expect((await all.make('a', { profiles: ['work'], ttl: 7200 })).tcp).toMatchObject({ listening: false })
  taken.clear()
  await wait(all, 20_000)
  expect(all.get('a').tcp).toMatchObject({ port: 4711, listening: true })
  expect(secret()).not.toBe(before)
})

test('a socket that cannot be opened: a new share is refused and not kept, an old one is tried again with new bounds', async () => {
  const first = await shares()
  await first.make('a', { profiles: ['work'], ttl: 7200 })
  await first.close()
  broken = true
  const all = await shares()
  expect(warnings).toEqual([expect.stringContaining("the share 'a' cannot be opened")])
  await expect(all.make('b', { profiles: ['work'], ttl: 60 })).rejects.toThrow("the share 'b' cannot be opened")
  expect(all.list().map(({ name }) => name)).toEqual(['a'])
  broken = false
  await all.make('a', { profiles: ['work'], ttl: 7200 })
  expect(open).toEqual([join(folder, 'shares', 'a', 'agent.sock')])
})

test('a port that is not wanted any more is closed, and its secret is gone', async () => {
  const all = await shares()
  await all.make('a', request)
  const { tcp } = await all.make('a', { profiles: ['work'], ttl: 60, tcp: false })
  expect(tcp).toBeUndefined()
  expect(open).toEqual([join(folder, 'shares', 'a', 'agent.sock')])
  expect(existsSync(join(folder, 'shares', 'a', 'secret'))).toBe(false)
})
