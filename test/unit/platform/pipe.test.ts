// L1, L6, L10 on Windows: whoever connects to the agent's pipe, seen through Windows' own functions (or wine's). What needs no
// Windows is at the end.

import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Caller, ancestors, callerText, type Link } from '../../../src/core/access/caller.ts'
import { sidText } from '../../../src/platform/process/windows-process.ts'
import { describeWith } from '../../support/real-part.ts'
import { Windows, windowsParts } from '../../support/windows.ts'

const script = fileURLToPath(new URL('../../support/pipe-scenarios.ts', import.meta.url))

describeWith(windowsParts, 'a pipe of Windows', () => {
  let windows: Windows
  beforeAll(() => {
    windows = new Windows()
  })
  afterAll(() => windows?.close())

  async function play<T>(scenario: string, code = 0): Promise<T> {
    const ended = await windows.run([windows.name(script), scenario, windows.name(windows.path)])
    expect(ended).toMatchObject({ code, stderr: '' })
    return JSON.parse(ended.stdout) as T
  }

  test('L6 its pid, its program, its parents, its user', async () => {
    const seen = await play<{
      pid: number
      executable: string
      child: number
      self: { caller: Caller; isOwn: boolean }
      other: { caller: Caller; isOwn: boolean }
    }>('callers')
    const { pid, executable, child, self, other } = seen
    expect(self).toMatchObject({
      isOwn: true,
      caller: { container: { kind: 'none' }, pid, executable, sid: expect.stringMatching(/^S-1-5-/) },
    })
    expect(other).toMatchObject({
      isOwn: true,
      caller: { container: { kind: 'none' }, pid: child, executable, sid: self.caller.sid },
    })
    expect(other.caller.parents).toEqual([{ pid, executable }, ...self.caller.parents])
    expect(other.caller.uid).toBeUndefined()
  })

  test('L6 one that has ended: its pid is not looked at as if it were still its own', async () => {
    const { pid, looked, caller, isOwn } = await play<{ pid: number; looked: unknown; caller: Caller; isOwn: boolean }>('gone')
    // There is a process of that number to be looked at.
    expect(looked).toMatchObject({ parents: expect.any(Array) })
    expect(caller).toEqual({ pid, parents: [], container: { kind: 'unknown' } })
    expect(isOwn).toBe(true)
  })

  test('a thousand one by one, 200 at once, 200 that leave: nobody is turned away, nothing is left open', async () => {
    const { before, after, answers, callers, last } = await play<{
      before: { descriptor: number; handle: number }
      after: { descriptor: number; handle: number }
      answers: number
      callers: number
      last: string
    }>('many')
    expect([answers, callers]).toEqual([1420, 1])
    expect(last).toContain('"container":{"kind":"none"}')
    expect(after.descriptor).toBe(before.descriptor)
    // Some come and go on their own (threads, timers); 1400 connections would show.
    expect(after.handle).toBeLessThan(before.handle + 4 * 100)
  })

  test('it closes, can be served again under another name, and lets the process end', async () => {
    expect(await play('close')).toEqual({ after: 'ENOENT', isSame: false, answer: true })
    expect(await play('exit', 7)).toEqual({})
  })

  test('L4 slow requests and too many connections are ended as they are elsewhere', async () => {
    expect(await play('limits')).toEqual({
      late: 'too late',
      became: ['served', 'served', 'served', 'refused', 'refused'],
    })
  })

  test('L1 its access list has this user and the system, nobody else', async () => {
    const { error, list, caller } = await play<{ error: number; list: string; caller: { caller: Caller } }>('access')
    expect(error).toBe(0)
    // Windows writes GENERIC_ALL as FILE_ALL_ACCESS.
    expect(list).toMatch(new RegExp(`^D:P\\(A;;(GA|FA);;;SY\\)\\(A;;(GA|FA);;;${caller.caller.sid}\\)$`))
  })

  // Wine lets two serve one name.
  if (process.platform === 'win32') {
    test('L10 a name that somebody else serves already is refused', async () => {
      expect(await play('squatted')).toEqual({ code: 'agent_untrusted' })
    })
  }
})

describe('parents that are none', () => {
  const link = (pid: number, parent: number, created: number): Link => ({
    pid,
    parent,
    created: BigInt(created),
    executable: `C:\\${pid}.exe`,
  })
  const among =
    (...all: readonly Link[]) =>
    (pid: number): Link | undefined =>
      all.find((each) => each.pid === pid)
  const pids = (child: Link, ...all: readonly Link[]): readonly number[] => ancestors(child, among(...all)).map(({ pid }) => pid)

  test('the chain, to the first process', () => {
    expect(ancestors(link(40, 30, 9), among(link(30, 20, 9), link(20, 0, 1)))).toEqual([
      { pid: 30, executable: String.raw`C:\30.exe` },
      { pid: 20, executable: String.raw`C:\20.exe` },
    ])
  })

  test('L6 one younger than its child has got the pid of one that ended', () => {
    expect(pids(link(40, 30, 9), link(30, 20, 8), link(20, 10, 50), link(10, 0, 1))).toEqual([30])
  })

  test('one that is gone ends it; so does a loop', () => {
    expect(pids(link(40, 30, 9), link(30, 20, 8))).toEqual([30])
    expect(pids(link(40, 40, 9), link(40, 40, 9))).toEqual([])
    expect(pids(link(40, 30, 9), link(30, 20, 9), link(20, 30, 9))).toHaveLength(16)
  })
})

test('a SID as Windows writes it', () => {
  const sid = Buffer.from('010500000000000515000000a065cf7e784b9b5fe77c8770091c0100ffff', 'hex')
  expect(sidText(sid)).toBe('S-1-5-21-2127521184-1604012920-1887927527-72713')
  expect(sidText(Buffer.from('010100000000000512000000', 'hex'))).toBe('S-1-5-18')
})

test('a caller of Windows in words', () => {
  const caller: Caller = {
    container: { kind: 'none' },
    pid: 8,
    executable: String.raw`C:\Program Files\Git\git.exe`,
    parents: [{ pid: 4, executable: '/usr/bin/make' }],
  }
  expect(callerText({ caller, channel: { kind: 'main' } })).toBe('git.exe (pid 8) of make')
})
