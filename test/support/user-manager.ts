// The user's systemd for one test: a real `systemd --user` in a mount namespace and a cgroup of its own.

import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Home } from './home.ts'
import { findProgram, isRoot, programs } from './real-part.ts'

export const userManagerParts = {
  ...programs('systemctl', 'unshare', 'mount'),
  'systemd --user': findProgram('systemctl') !== undefined,
  root: isRoot,
}

const enter = `mount -t tmpfs none /run/systemd && mkdir /run/systemd/system && mount -t cgroup2 none /sys/fs/cgroup`

export class UserManager {
  readonly #child: ChildProcess
  readonly #home: Home
  readonly #group: string

  private constructor(child: ChildProcess, home: Home, group: string) {
    this.#child = child
    this.#home = home
    this.#group = group
  }

  static async start(home: Home): Promise<UserManager> {
    const group = `/sys/fs/cgroup/${home.path.slice(home.path.lastIndexOf('/') + 1)}`
    const script = `mkdir -p /run/systemd && ${enter} && mkdir ${group} && echo $$ > ${group}/cgroup.procs && exec /lib/systemd/systemd --user --unit=basic.target`
    const env = { PATH: process.env['PATH'], HOME: home.path, XDG_RUNTIME_DIR: home.env['XDG_RUNTIME_DIR'] }
    const manager = new UserManager(spawn('unshare', ['-m', 'sh', '-c', script], { env, stdio: 'ignore' }), home, group)
    for (let tries = 0; !manager.#answers(); tries++) {
      if (tries > 200) throw new Error('systemd --user does not answer')
      await pause(50)
    }
    return manager
  }

  /** As a desktop does when it has started. */
  importEnvironment(env: Readonly<Record<string, string>>): void {
    this.#systemctl(['import-environment', ...Object.keys(env)], env)
  }

  /** The output of `systemctl --user`; throws if it fails. */
  systemctl(...args: readonly string[]): string {
    return this.#systemctl(args, {})
  }

  /** The same for what takes time, so that a server in this process goes on. */
  async run(...args: readonly string[]): Promise<void> {
    await promisify(execFile)('systemctl', ['--user', ...args], { env: this.#env({}) })
  }

  /** A property of a unit. */
  property(unit: string, name: string): string {
    return this.systemctl('show', `--property=${name}`, '--value', unit).trim()
  }

  async close(): Promise<void> {
    this.#child.kill('SIGKILL')
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit')
    const script = `${enter} && for each in $(find ${this.#group} -name cgroup.procs -exec cat {} +); do kill -9 $each; done; sleep 0.2; find ${this.#group} -depth -type d -exec rmdir {} +`
    execFileSync('unshare', ['-m', 'sh', '-c', script], { stdio: 'ignore' })
  }

  #answers(): boolean {
    try {
      this.#systemctl(['show-environment'], {})
      return true
    } catch {
      return false
    }
  }

  #systemctl(args: readonly string[], more: Readonly<Record<string, string>>): string {
    const env = this.#env(more)
    return execFileSync('systemctl', ['--user', ...args], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  }

  #env(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
    const { path, env } = this.#home
    return { PATH: process.env['PATH'], HOME: path, XDG_RUNTIME_DIR: env['XDG_RUNTIME_DIR'], ...more }
  }
}
