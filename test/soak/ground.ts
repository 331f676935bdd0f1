// An agent with a session, for a load to be put on.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { startAuthorizationServer } from '../support/authorization-server.ts'
import { Home, program } from '../support/home.ts'
import { logIn, workProfile } from '../support/login.ts'
import type { Ground } from './scenarios.ts'

/** `descriptors`: as many as the agent may have. */
export async function withGround<T>(
  { accessTokenTtl, descriptors }: { readonly accessTokenTtl: number; readonly descriptors?: number },
  work: (ground: Ground) => Promise<T>,
): Promise<T> {
  const server = await startAuthorizationServer({ accessTokenTtl })
  const home = new Home()
  home.config(workProfile(server, 'refresh = "on_demand"'))
  const limit = descriptors === undefined ? '' : `ulimit -n ${descriptors}; `
  const log = openSync(join(home.path, 'agent.log'), 'a')
  const agent = spawn('sh', ['-c', `${limit}exec "$0" "$@"`, process.execPath, program, 'agent', '--log', 'quiet'], {
    env: home.env,
    stdio: ['ignore', 'ignore', log],
  })
  closeSync(log)
  const ended = once(agent, 'exit')
  try {
    for (let tries = 0; tries < 400; tries++) {
      if (
        await home.http('GET', '/v1/status').then(
          () => true,
          () => false,
        )
      )
        break
      await pause(50)
    }
    const { code, stderr } = await logIn(home, server)
    if (code !== 0 || agent.pid === undefined) throw new Error(stderr)
    return await work({ home, server, pid: agent.pid })
  } finally {
    await home.close()
    agent.kill('SIGKILL')
    await ended
    await server.close()
  }
}
