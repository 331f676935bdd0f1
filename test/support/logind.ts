// A real systemd-logind for one test, on a system bus of its own, with a session of this user and one of another. It takes sessions
// up from its state files, as it does when it is restarted; no systemd runs beside it.

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { startBus } from './desktop.ts'
import { findProgram, isRoot, programs } from './real-part.ts'

const program = '/lib/systemd/systemd-logind'
export const logindParts = {
  ...programs('dbus-daemon', 'gdbus', 'dbus-monitor', 'dbus-send', 'unshare'),
  'systemd-logind': findProgram('systemctl') !== undefined,
  root: isRoot,
}

const run = promisify(execFile)
const manager = '/org/freedesktop/login1'

export class Logind {
  readonly #children: ChildProcess[] = []
  #address = ''

  static async start(home: string): Promise<Logind> {
    const logind = new Logind()
    logind.#address = await startBus(home, 'system', async (program, args) => {
      const bus = logind.#spawn(program, args)
      const [said] = (await once(bus.stdout, 'data')) as [Buffer]
      return said.toString().trim()
    })
    const state = join(home, 'logind')
    for (const folder of ['sessions', 'users', 'seats', 'system']) mkdirSync(join(state, folder), { recursive: true })
    for (const [id, uid, user] of [
      ['7', 0, 'root'],
      ['8', 65_534, 'nobody'],
    ] as const) {
      // A session whose leader is gone is put away.
      const { pid } = logind.#spawn('sleep', ['600'])
      writeFileSync(
        join(state, 'sessions', id),
        `UID=${uid}\nUSER=${user}\nACTIVE=1\nSTATE=active\nREMOTE=0\nTYPE=x11\nCLASS=user\nSCOPE=session-${id}.scope\nLEADER=${pid}\n`,
      )
      writeFileSync(join(state, 'users', String(uid)), `NAME=${user}\nSTATE=active\nRUNTIME=/run/user/${uid}\nSESSIONS=${id}\n`)
    }
    logind.#spawn('unshare', [
      '-m',
      'sh',
      '-c',
      `mkdir -p /run/systemd && mount --bind "$1" /run/systemd && exec ${program}`,
      'sh',
      state,
    ])
    for (let tries = 0; !(await logind.#call(manager, 'Manager.ListSessions').catch(() => '')).includes("'7'"); tries++) {
      if (tries > 200) throw new Error('systemd-logind does not answer')
      await pause(50)
    }
    return logind
  }

  get env(): Readonly<Record<string, string>> {
    return { DBUS_SYSTEM_BUS_ADDRESS: this.#address }
  }

  /** As `loginctl lock-session` does. */
  async lockSession(id: '7' | '8'): Promise<void> {
    await this.#call(manager, 'Manager.LockSession', id)
  }

  /** As a screen locker does. */
  async setLockedHint(id: '7' | '8', isLocked: boolean): Promise<void> {
    await this.#call(`${manager}/session/_3${id}`, 'Session.SetLockedHint', String(isLocked))
  }

  async close(): Promise<void> {
    for (const child of this.#children.toReversed()) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  }

  async #call(path: string, method: string, ...args: readonly string[]): Promise<string> {
    const where = ['call', '--system', '--dest', 'org.freedesktop.login1', '--object-path', path]
    const { stdout } = await run('gdbus', [...where, '--method', `org.freedesktop.login1.${method}`, ...args], {
      env: this.#whole,
    })
    return stdout
  }

  get #whole(): NodeJS.ProcessEnv {
    return { PATH: process.env['PATH'], ...this.env }
  }

  #spawn(program: string, args: readonly string[]): ChildProcess & { readonly stdout: Readable } {
    const child = spawn(program, args, { env: this.#whole, stdio: ['ignore', 'pipe', 'ignore'] })
    this.#children.push(child)
    return child
  }
}
