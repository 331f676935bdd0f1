// S6: SIGUSR1 does not open Node's inspector, from the agent's first instruction on, however it is started (requirement L14).

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Home, program } from '../../support/home.ts'
import { describeWith, isPosix } from '../../support/real-part.ts'

describeWith({ signals: isPosix }, 'S6', () => {
  let home: Home

  beforeEach(() => {
    home = new Home()
  })

  afterEach(() => home.close())

  test('signals from the start on', async () => {
    const agent = spawn(process.execPath, [program, 'agent'], { env: home.env, stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    agent.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    // Until Node has set up its handling of signals, this one ends a process; then each is received.
    while (!/listening|listens/.test(said) && agent.exitCode === null && agent.signalCode === null) {
      await pause(20)
      if (agent.pid !== undefined && said !== '') agent.kill('SIGUSR1')
    }
    for (let count = 0; count < 20; count++) agent.kill('SIGUSR1')
    expect((await home.http('GET', '/v1/status')).status).toBe(200)
    for (let count = 0; count < 20; count++) agent.kill('SIGUSR1')
    expect((await home.http('GET', '/v1/status')).status).toBe(200)
    expect(said).not.toMatch(/debugger/i)
    await home.run(['stop'])
    if (agent.exitCode === null) await once(agent, 'exit')
  }, 60_000)

  test('an agent that a command starts has the option', async () => {
    await home.run(['start'])
    const { agent } = (await home.http('GET', '/v1/status')).json<{ agent: { pid: number } }>()
    for (let count = 0; count < 20; count++) process.kill(agent.pid, 'SIGUSR1')
    expect((await home.http('GET', '/v1/status')).json()).toMatchObject({ agent: { pid: agent.pid } })
    if (process.platform === 'linux') {
      const { readFileSync } = await import('node:fs')
      expect(readFileSync(`/proc/${agent.pid}/cmdline`, 'utf8').split('\0')).toContain('--disable-sigusr1')
    }
  }, 60_000)

  test('one that is started with a debugger starts again without it', async () => {
    const agent = spawn(process.execPath, ['--inspect=127.0.0.1:0', program, 'agent'], {
      env: home.env,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    // Not by a command, which would start an agent of its own.
    await expect
      .poll(() =>
        home.http('GET', '/v1/status').then(
          ({ status }) => status,
          () => 0,
        ),
      )
      .toBe(200)
    const { agent: status } = (await home.http('GET', '/v1/status')).json<{ agent: { pid: number } }>()
    expect(status.pid).toBe(agent.pid)
    if (process.platform === 'linux') {
      const { readFileSync } = await import('node:fs')
      expect(readFileSync(`/proc/${status.pid}/cmdline`, 'utf8')).not.toContain('inspect')
    }
    await home.run(['stop'])
    if (agent.exitCode === null) await once(agent, 'exit')
  }, 60_000)
})
