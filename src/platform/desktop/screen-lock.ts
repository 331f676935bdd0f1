// The screen being locked, as logind tells it: a monitor of the system bus prints each signal of each session, and logind is asked
// whose session it is. A monitor that dies is started again, ever more slowly.

import { execFile, spawn } from 'node:child_process'

const destination = 'org.freedesktop.login1'
const session = `${destination}.Session`
/** ms. */
const [firstPause, maxPause, patience] = [1_000, 300_000, 5_000]

/** A program that watches a bus, and the one of its family that asks. */
interface Monitor {
  readonly watch: readonly string[]
  readonly ask: (path: string) => readonly string[]
  /** Reads line by line; gives the path of a session whose screen was locked. */
  readonly reader: () => (line: string) => string | undefined
}

const gdbus: Monitor = {
  watch: ['gdbus', 'monitor', '--system', '--dest', destination],
  ask: (path) => [
    'gdbus',
    'call',
    '--system',
    '--timeout',
    '4',
    '--dest',
    destination,
    '--object-path',
    path,
    '--method',
    'org.freedesktop.DBus.Properties.Get',
    session,
    'User',
  ],
  reader: () => (line) => {
    const [, path, what = ''] = /^(\/[\w/]+): org\.freedesktop\.(.*)$/.exec(line) ?? []
    const isLock = what === 'login1.Session.Lock ()'
    const isHint = what.startsWith(`DBus.Properties.PropertiesChanged ('${session}'`) && what.includes("'LockedHint': <true>")
    return isLock || isHint ? path : undefined
  },
}

const dbusMonitor: Monitor = {
  watch: ['dbus-monitor', '--system', `type='signal',sender='${destination}'`],
  ask: (path) => [
    'dbus-send',
    '--system',
    '--print-reply',
    '--reply-timeout=4000',
    `--dest=${destination}`,
    path,
    'org.freedesktop.DBus.Properties.Get',
    `string:${session}`,
    'string:User',
  ],
  reader: () => {
    let at: { readonly path: string; readonly isChange: boolean } | undefined
    let isHint = false
    return (line) => {
      const [, path, face, member] = /^signal .* path=([^;]+); interface=([^;]+); member=(\w+)$/.exec(line) ?? []
      if (path !== undefined) {
        at = { path, isChange: member === 'PropertiesChanged' }
        isHint = false
        return face === session && member === 'Lock' ? path : undefined
      }
      const wasHint = isHint
      isHint = line.trim() === 'string "LockedHint"'
      return wasHint && at?.isChange === true && /\bboolean true$/.test(line) ? at.path : undefined
    }
  },
}

/** Calls back for the sessions of this user alone. Does nothing where there is no logind to ask. */
export function watchScreenLock(locked: () => void): () => void {
  if (process.platform !== 'linux') return () => {}
  let isOver = false
  let stop = (): void => {}
  const run = (monitors: readonly Monitor[], pause: number): void => {
    const [monitor, ...others] = monitors
    if (monitor === undefined || isOver) return
    const startedAt = Date.now()
    const [program = '', ...args] = monitor.watch
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] })
    const read = monitor.reader()
    // Where it is not asked for, it is not loaded.
    const { createInterface } = process.getBuiltinModule('node:readline')
    createInterface({ input: child.stdout }).on('line', (line) => {
      const path = read(line)
      if (path === undefined || isOver) return
      void ownerOf(monitor, path).then((uid) => {
        // Where logind does not say whose it is, it is taken to be ours: a lock too many costs less than one too few.
        if (!isOver && (uid === undefined || uid === process.getuid?.())) locked()
      })
    })
    let isThere = true
    child.on('error', () => {
      isThere = false
      run(others, pause)
    })
    child.on('close', () => {
      if (!isThere || isOver) return
      const next = Date.now() - startedAt > maxPause ? firstPause : pause
      const timer = setTimeout(() => run(monitors, Math.min(2 * next, maxPause)), next)
      timer.unref()
      stop = () => clearTimeout(timer)
    })
    stop = () => void child.kill()
  }
  run([gdbus, dbusMonitor], firstPause)
  return () => {
    isOver = true
    stop()
  }
}

function ownerOf({ ask }: Monitor, path: string): Promise<number | undefined> {
  const [program = '', ...args] = ask(path)
  return new Promise((resolve) => {
    execFile(program, args, { timeout: patience }, (_, stdout) => {
      const uid = /\buint32 (\d+)/.exec(stdout)?.[1]
      resolve(uid === undefined ? undefined : Number(uid))
    })
  })
}
