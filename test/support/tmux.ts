// A terminal with a person before it: tmux, driven by keys, read by its screen.

import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type Home, program } from './home.ts'

export class Tmux {
  readonly #socket: string
  readonly #home: Home

  constructor(home: Home) {
    this.#home = home
    this.#socket = join(home.path, `tmux-${randomBytes(3).toString('hex')}`)
    this.#tmux(['-f', '/dev/null', 'new-session', '-d', '-x', '400', '-y', '80', 'sh'])
  }

  /** `authsock ...`; when it has ended, `rc=N` is on the screen. */
  type(command: string): void {
    this.send(`clear; '${process.execPath}' '${program}' ${command}; echo rc=$?`)
  }

  /** A line, with Enter. */
  send(text: string): void {
    this.keys(text)
    this.key('Enter')
  }

  /** Without Enter. */
  keys(text: string): void {
    this.#tmux(['send-keys', '-l', text])
  }

  key(name: string): void {
    this.#tmux(['send-keys', name])
  }

  /** Waits until the screen shows this, and gives it. */
  async see(pattern: RegExp): Promise<string> {
    let screen = ''
    for (let tries = 0; tries < 400; tries++) {
      screen = this.#tmux(['capture-pane', '-p', '-J'])
      if (pattern.test(screen)) return screen
      await pause(50)
    }
    throw new Error(`${String(pattern)} did not come; the screen shows:\n${screen.trim()}`)
  }

  close(): void {
    try {
      this.#tmux(['kill-server'])
    } catch {
      // It has ended with its shell.
    }
  }

  #tmux(args: readonly string[]): string {
    const env = { ...this.#home.env, TERM: 'screen-256color', PS1: '$ ' }
    return execFileSync('tmux', ['-S', this.#socket, ...args], { env, encoding: 'utf8' })
  }
}
