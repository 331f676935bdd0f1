// An agent that nobody asks is woken by nothing, and has given back what a crowd has cost it.

import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { describeWith, isLinux } from '../../support/real-part.ts'

const field = (path: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(path, 'utf8'))?.[1])
const wakeUps = (pid: number): number =>
  readdirSync(`/proc/${pid}/task`)
    .map((thread) => field(`/proc/${pid}/task/${thread}/status`, 'voluntary_ctxt_switches'))
    .reduce((sum, each) => sum + each, 0)
const memory = (pid: number): number => field(`/proc/${pid}/status`, 'VmRSS')

/** V8's own look comes every eight seconds. */
async function wokenIn(pid: number, seconds: number): Promise<number> {
  const before = wakeUps(pid)
  await pause(seconds * 1000)
  return wakeUps(pid) - before
}

async function crowd(path: string): Promise<void> {
  const text = 'GET /v1/token?profile=work HTTP/1.1\r\nHost: authsock\r\n\r\n'
  const all = Array.from({ length: 500 }, () => connect(path).setMaxListeners(0))
  await Promise.all(
    all.map(async (socket) => {
      for (let asked = 0; asked < 40; asked++) {
        socket.write(text)
        await once(socket, 'data')
      }
      socket.destroy()
    }),
  )
}

describeWith({ Linux: isLinux }, 'an agent that nobody asks', () => {
  test('sleeps, and is as small as before the crowd', async () => {
    const server = await startAuthorizationServer()
    const home = new Home()
    try {
      home.config(workProfile(server))
      const { pid = 0 } = await home.startAgent(['--log', 'quiet'])
      expect((await logIn(home, server)).code).toBe(0)
      await expect.poll(() => wokenIn(pid, 18), { timeout: 150_000, interval: 1 }).toBe(0)
      const small = memory(pid)
      await crowd(home.socket)
      const large = memory(pid)
      expect(large).toBeGreaterThan(small * 1.1)
      await expect.poll(() => memory(pid)).toBeLessThan((small + large) / 2)
    } finally {
      await home.close()
      await server.close()
    }
  })
})
