// H12, R20: many clients that find no agent start one, and those that wait for a starter that fails are told why.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Home } from '../../support/home.ts'
import { describeWith, isPosix } from '../../support/real-part.ts'

describeWith({ flock: isPosix }, 'clients that find no agent', () => {
  let home: Home

  beforeEach(() => {
    home = new Home()
  })

  afterEach(() => home.close())

  const log = (): string => readFileSync(join(home.path, 'state/authsock/agent.log'), 'utf8')

  test('H12 sixteen at once: one process is started, and all are answered', async () => {
    home.config('')
    const clients = await Promise.all(Array.from({ length: 16 }, () => home.run(['status'])))
    expect(new Set(clients.map(({ code }) => code))).toEqual(new Set([0]))
    // An agent that finds another one says so in the log.
    expect(log()).not.toContain('already running')
  }, 120_000)

  test('H12 the starter fails: those that waited are told the same, and start no agent of their own', async () => {
    home.config('')
    // The agent refuses a folder of state that is none.
    writeFileSync(join(home.path, 'state'), '')
    const clients = await Promise.all(Array.from({ length: 6 }, () => home.run(['status'])))
    expect(clients.map(({ code }) => code)).not.toContain(0)
    for (const { stderr } of clients) expect(stderr).toContain(join(home.path, 'state'))
  }, 120_000)
})
