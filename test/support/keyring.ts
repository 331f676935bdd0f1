// A desktop's keychain for one test: a session bus of its own and gnome-keyring on it, in a home of its own.

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

export const keyringPrograms = ['dbus-daemon', 'gnome-keyring-daemon', 'dbus-send'] as const

export class Keyring {
  readonly #home: string
  readonly #bus: ChildProcess
  readonly #address: string
  #daemon: ChildProcess | undefined

  private constructor(home: string, bus: ChildProcess, address: string) {
    this.#home = home
    this.#bus = bus
    this.#address = address
  }

  /** A bus and an unlocked keyring. The folder is the test's to remove. */
  static async start(home: string): Promise<Keyring> {
    mkdirSync(join(home, 'keyring-run'), { recursive: true, mode: 0o700 })
    // Without service folders: what was killed is not brought back behind the test.
    const config = join(home, 'bus.conf')
    writeFileSync(
      config,
      `<busconfig><type>session</type><listen>unix:dir=${home}</listen><auth>EXTERNAL</auth><policy context="default">
        <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`,
    )
    const bus = spawn('dbus-daemon', [`--config-file=${config}`, '--nofork', '--print-address'], {
      env: { PATH: process.env['PATH'], HOME: home },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const [line] = (await once(bus.stdout, 'data')) as [Buffer]
    const keyring = new Keyring(home, bus, line.toString().trim())
    await keyring.unlocked()
    return keyring
  }

  /** For the processes that are to find it. */
  get env(): NodeJS.ProcessEnv {
    return { DBUS_SESSION_BUS_ADDRESS: this.#address }
  }

  /** Starts the daemon with its keyring open. */
  async unlocked(): Promise<void> {
    await this.#start(['--unlock'], 'a password\n')
  }

  /** Starts it with its keyring shut, as before somebody has logged in to the desktop. */
  async locked(): Promise<void> {
    await this.#start([], undefined)
  }

  /** Shuts it while it runs. */
  lock(): void {
    execFileSync(
      'dbus-send',
      [
        '--session',
        '--print-reply',
        '--dest=org.freedesktop.secrets',
        '/org/freedesktop/secrets',
        'org.freedesktop.Secret.Service.Lock',
        'array:objpath:/org/freedesktop/secrets/collection/login',
      ],
      { env: { ...process.env, ...this.env }, stdio: 'ignore' },
    )
  }

  /** Puts a secret under an account of authsock's. */
  store(account: string, secret: Uint8Array): void {
    const code = `
      const { Entry } = await import(${JSON.stringify(import.meta.resolve('@napi-rs/keyring'))})
      new Entry('authsock', ${JSON.stringify(account)}).setSecret(Buffer.from(${JSON.stringify(Buffer.from(secret).toString('hex'))}, 'hex'))`
    execFileSync(process.execPath, ['--input-type=module', '-e', code], { env: { ...process.env, ...this.env }, stdio: 'ignore' })
  }

  /** How many entries of authsock it has. */
  entries(): number {
    const env = { ...process.env, ...this.env }
    const { stdout } = spawnSync('secret-tool', ['search', '--all', 'service', 'authsock'], { env, encoding: 'utf8' })
    return [...stdout.matchAll(/^\[\//gm)].length
  }

  async kill(): Promise<void> {
    if (this.#daemon === undefined) return
    this.#daemon.kill('SIGKILL')
    if (this.#daemon.exitCode === null && this.#daemon.signalCode === null) await once(this.#daemon, 'exit')
    this.#daemon = undefined
  }

  async close(): Promise<void> {
    await this.kill()
    this.#bus.kill('SIGKILL')
    if (this.#bus.exitCode === null && this.#bus.signalCode === null) await once(this.#bus, 'exit')
  }

  async #start(args: readonly string[], password: string | undefined): Promise<void> {
    await this.kill()
    const daemon = spawn(
      'gnome-keyring-daemon',
      ['--foreground', '--components=secrets', `--control-directory=${join(this.#home, 'keyring-run')}`, ...args],
      {
        env: { PATH: process.env['PATH'], HOME: this.#home, XDG_RUNTIME_DIR: join(this.#home, 'keyring-run'), ...this.env },
        stdio: ['pipe', 'ignore', 'ignore'],
      },
    )
    daemon.stdin?.on('error', () => {})
    daemon.stdin?.end(password ?? '')
    this.#daemon = daemon
    for (let tries = 0; tries < 200; tries++) {
      if (this.#isThere()) return
      await pause(25)
    }
    throw new Error('gnome-keyring does not answer')
  }

  #isThere(): boolean {
    try {
      execFileSync(
        'dbus-send',
        [
          '--session',
          '--print-reply',
          '--dest=org.freedesktop.secrets',
          '/org/freedesktop/secrets',
          'org.freedesktop.DBus.Properties.Get',
          'string:org.freedesktop.Secret.Service',
          'string:Collections',
        ],
        { env: { ...process.env, ...this.env }, stdio: 'ignore' },
      )
      return true
    } catch {
      return false
    }
  }
}
