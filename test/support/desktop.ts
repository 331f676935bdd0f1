// A desktop for one test: a screen (Xvfb), a session bus, and somebody who types (xdotool). No window manager: what opens is in
// front and has the keyboard.

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { findProgram } from './real-part.ts'

export const desktopPrograms = ['Xvfb', 'xdotool', 'dbus-daemon'] as const

const run = promisify(execFile)

export class Desktop {
  readonly #children: ChildProcess[] = []
  readonly #env: Record<string, string> = {}
  readonly #home: string

  private constructor(home: string) {
    this.#home = home
  }

  static async start(home: string): Promise<Desktop> {
    const desktop = new Desktop(home)
    // -noreset, as a desktop's: otherwise it starts anew whenever its last client ends, and refuses one that comes at that moment.
    desktop.#env['DISPLAY'] =
      `:${await desktop.#first('Xvfb', ['-displayfd', '3', '-screen', '0', '1024x768x24', '-nolisten', 'tcp', '-noreset'], 3)}`
    desktop.#env['DBUS_SESSION_BUS_ADDRESS'] = await startBus(home, 'session', (...args) => desktop.#first(...args))
    return desktop
  }

  /** For the processes that are to find it. */
  get env(): Readonly<Record<string, string>> {
    return { ...this.#env, NO_AT_BRIDGE: '1' }
  }

  /** The ids of the windows that are there. */
  async windows(): Promise<readonly string[]> {
    const found = await run('xdotool', ['search', '--onlyvisible', '--name', '^authsock$'], { env: this.#whole }).catch(
      () => undefined,
    )
    return (
      found?.stdout
        .trim()
        .split('\n')
        .filter((id) => id !== '') ?? []
    )
  }

  /** Waits for a window, and types. */
  async type(...keys: readonly string[]): Promise<void> {
    for (let tries = 0; (await this.windows()).length === 0; tries++) {
      if (tries > 300) throw new Error('no window has come')
      await pause(100)
    }
    // It is on the screen a moment before it hears the keyboard.
    await pause(800)
    await run('xdotool', ['key', '--delay', '100', ...keys], { env: this.#whole })
  }

  /** Runs for as long as the desktop. */
  spawn(program: string, args: readonly string[]): ChildProcess & { readonly stdout: Readable } {
    const child = spawn(program, args, { env: this.#whole, stdio: ['ignore', 'pipe', 'ignore'] })
    this.#children.push(child)
    return child
  }

  async close(): Promise<void> {
    for (const child of this.#children.toReversed()) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  }

  get #whole(): NodeJS.ProcessEnv {
    return { PATH: process.env['PATH'], HOME: this.#home, ...this.#env }
  }

  /** What a program says first, at a descriptor of its own. */
  async #first(program: string, args: readonly string[], fd: number): Promise<string> {
    const stdio = Array.from({ length: fd + 1 }, (_, each) => (each === fd ? 'pipe' : 'ignore'))
    const child = spawn(program, args, { env: this.#whole, stdio })
    this.#children.push(child)
    const [said] = (await once(child.stdio[fd] as Readable, 'data')) as [Buffer]
    return said.toString().trim()
  }
}

/** Everybody may do everything on it; nothing is started by it. Gives its address. */
export async function startBus(
  home: string,
  type: 'session' | 'system',
  first: (program: string, args: readonly string[], fd: number) => Promise<string>,
): Promise<string> {
  const config = join(home, `${type}-bus.conf`)
  writeFileSync(
    config,
    `<busconfig><type>${type}</type><listen>unix:dir=${home}</listen><auth>EXTERNAL</auth><policy context="default">
      <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/><allow user="*"/></policy></busconfig>`,
  )
  return first('dbus-daemon', [`--config-file=${config}`, '--nofork', '--print-address'], 1)
}

/** A folder for the PATH that has these programs and no others. */
export function onlyPrograms(home: string, ...names: readonly string[]): string {
  const folder = join(home, 'only')
  mkdirSync(folder)
  for (const name of names) symlinkSync(findProgram(name) ?? name, join(folder, name))
  return folder
}
