// A real agent as users have it: built by `npm run build`, in a scratch home, logged in at a real authorization server.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import {
  type AuthorizationServer,
  type AuthorizationServerOptions,
  startAuthorizationServer,
} from '../test/support/authorization-server.ts'
import { Home } from '../test/support/home.ts'
import { logIn, workProfile } from '../test/support/login.ts'
import { dist, listens, Tools } from './tools.ts'

export const authsock = join(dist, 'main.js')
export const agentLine = [process.execPath, authsock, 'agent', '--log', 'quiet'] as const

export function build(): void {
  const script = fileURLToPath(new URL('../scripts/build.ts', import.meta.url))
  if (spawnSync(process.execPath, [script], { stdio: 'inherit' }).status !== 0) throw new Error('the build fails')
}

export interface Ground {
  readonly tools: Tools
  readonly home: Home
  readonly server: AuthorizationServer
  readonly pid: number
  /** Of `work`, as the agent has it. */
  readonly token: string
  /** Ends the agent and starts another over the same home. */
  readonly restart: () => Promise<number>
  readonly stop: () => Promise<void>
}

interface GroundOptions extends AuthorizationServerOptions {
  /** More of config.toml. */
  readonly config?: string
}

export async function withGround<T>(options: GroundOptions, work: (ground: Ground) => Promise<T>): Promise<T> {
  const tools = new Tools()
  const server = await startAuthorizationServer(options)
  const home = new Home()
  home.config(workProfile(server, options.config))
  const agent = new Running(home)
  const cleanUp = async (): Promise<void> => {
    await tools.close()
    await agent.stop()
    await home.close()
    await server.close()
  }
  const interrupted = (): void => void cleanUp().finally(() => process.exit(130))
  process.once('SIGINT', interrupted)
  try {
    await tools.compile()
    await agent.start()
    const { code, stderr } = await logIn(home, server)
    if (code !== 0) throw new Error(stderr)
    const { text: token, status } = await home.http('GET', '/v1/token?profile=work', { headers: { accept: 'text/plain' } })
    if (status !== 200) throw new Error(token)
    return await work({ tools, home, server, token, pid: agent.pid, restart: () => agent.restart(), stop: () => agent.stop() })
  } finally {
    process.off('SIGINT', interrupted)
    await cleanUp()
  }
}

/** An agent of the production build over a home. */
class Running {
  readonly #home: Home
  #child: ChildProcess | undefined

  constructor(home: Home) {
    this.#home = home
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  async start(): Promise<number> {
    const [program, ...args] = agentLine
    const child = spawn(program, args, {
      env: this.#home.env,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    this.#child = child
    await Promise.race([
      listens(this.#home.socket),
      once(child, 'exit').then(([code]) => {
        throw new Error(`the agent ended with ${String(code)}`)
      }),
    ])
    return this.pid
  }

  async stop(): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    if ((await Promise.race([once(child, 'exit'), pause(10_000)])) === undefined) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  }

  async restart(): Promise<number> {
    await this.stop()
    return this.start()
  }
}
