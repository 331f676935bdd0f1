// S13, L17: a state folder that others can write to, and files in it that are links or pipes, as the agent and its starter meet them.

import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Home } from '../../support/home.ts'

let home: Home
let state: string

beforeEach(() => {
  home = new Home()
  state = join(home.path, 'state', 'authsock')
  mkdirSync(state, { recursive: true, mode: 0o700 })
})

afterEach(() => home.close())

describe.skipIf(process.platform === 'win32')('the state folder', () => {
  test('S13 one that others can write to is refused, by the starter and by the agent', async () => {
    chmodSync(state, 0o777)
    for (const command of [['start'], ['agent']]) {
      const { code, stderr } = await home.run(command)
      expect([command, code]).toEqual([command, 9])
      expect(stderr).toContain(`${state} can be written by others (mode 777)`)
      expect(stderr).toContain('hint: check what is in it, then chmod 700')
    }
    expect(statSync(state).mode & 0o777).toBe(0o777)
  })

  test('S13 one that others can read is closed', async () => {
    chmodSync(state, 0o755)
    expect((await home.run(['start'])).code).toBe(0)
    expect(statSync(state).mode & 0o777).toBe(0o700)
  })

  test.each(['agent.log', 'audit.log'])('S13 L17 a %s that is a link is not written through', async (name) => {
    const precious = join(home.path, 'precious')
    writeFileSync(precious, 'precious')
    symlinkSync(precious, join(state, name))
    const { code, stderr } = await home.run(['start'])
    if (name === 'agent.log') {
      expect([code, stderr]).toEqual([9, expect.stringContaining('it is a symbolic link')])
      rmSync(join(state, name))
      expect((await home.run(['start'])).code).toBe(0)
    }
    await home.run(['lock'])
    await home.run(['stop'])
    expect(readFileSync(precious, 'utf8')).toBe('precious')
  })

  test('S8 L17 an agent.log that is a pipe is refused at once', async () => {
    execFileSync('mkfifo', ['-m', '600', join(state, 'agent.log')])
    const { code, stderr } = await home.run(['start'])
    expect([code, stderr]).toEqual([9, expect.stringContaining('not a regular file')])
  })
})
