// Tells when the screen is locked: logind signals it on the system bus. A monitor that ends is started again, with growing delays.

import { execFile, spawn } from 'node:child_process'
import { type LogindMonitor, logindMonitors } from './logind-monitors.ts'

const [firstDelayMs, maxDelayMs, ownerTimeoutMs] = [1_000, 300_000, 5_000]

/** Calls `onLock` for this user's sessions only; the result stops it. Does nothing if there is no logind. */
export function watchScreenLock(onLock: () => void): () => void {
  if (process.platform !== 'linux') return () => {}
  const watcher = new ScreenLockWatcher(onLock)
  watcher.start(logindMonitors, firstDelayMs)
  return () => watcher.stop()
}

class ScreenLockWatcher {
  readonly #onLock: () => void
  #isStopped = false
  /** Ends the monitor, or cancels its next start. */
  #cancel = (): void => {}

  constructor(onLock: () => void) {
    this.#onLock = onLock
  }

  stop(): void {
    this.#isStopped = true
    this.#cancel()
  }

  start(monitors: readonly LogindMonitor[], delayMs: number): void {
    const [monitor, ...others] = monitors
    if (monitor === undefined || this.#isStopped) return
    const startedAt = Date.now()
    const [program = '', ...args] = monitor.watch
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] })
    this.#cancel = () => void child.kill()
    this.#read(monitor, child.stdout)
    let isInstalled = true
    child.on('error', () => {
      isInstalled = false
      this.start(others, delayMs)
    })
    child.on('close', () => {
      if (!isInstalled || this.#isStopped) return
      const delay = Date.now() - startedAt > maxDelayMs ? firstDelayMs : delayMs
      const timer = setTimeout(() => this.start(monitors, Math.min(2 * delay, maxDelayMs)), delay)
      timer.unref()
      this.#cancel = () => clearTimeout(timer)
    })
  }

  #read(monitor: LogindMonitor, stdout: NodeJS.ReadableStream): void {
    const read = monitor.reader()
    // Loaded only if it is needed.
    const { createInterface } = process.getBuiltinModule('node:readline')
    createInterface({ input: stdout }).on('line', (line) => {
      const path = read(line)
      if (path === undefined || this.#isStopped) return
      void ownerOf(monitor, path).then((uid) => {
        // If logind does not tell the owner, the session counts as ours: locking too often is the safe error.
        if (!this.#isStopped && (uid === undefined || uid === process.getuid?.())) this.#onLock()
      })
    })
  }
}

function ownerOf(monitor: LogindMonitor, path: string): Promise<number | undefined> {
  const [program = '', ...args] = monitor.owner(path)
  return new Promise((resolve) => {
    execFile(program, args, { timeout: ownerTimeoutMs }, (_, stdout) => {
      const uid = /\buint32 (\d+)/.exec(stdout)?.[1]
      resolve(uid === undefined ? undefined : Number(uid))
    })
  })
}
