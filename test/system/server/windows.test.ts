// The agent on Windows (or under wine): a token through its pipe, and who is said to have asked.

import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { type Finished, program } from '../../support/home.ts'
import { describeWith } from '../../support/real-part.ts'
import { Windows, windowsParts } from '../../support/windows.ts'

describeWith(windowsParts, 'the agent on Windows', () => {
  let windows: Windows
  let server: AuthorizationServer
  const main = (): string => windows.name(program)

  beforeAll(async () => {
    windows = new Windows()
    server = await startAuthorizationServer()
  })
  afterAll(async () => {
    await windows?.close()
    await server?.close()
  })

  async function startAgent(hasModule = true): Promise<() => Promise<Finished>> {
    const env = { AUTHSOCK_MASTER_KEY_FILE: windows.name(`${windows.path}/master.key`) }
    const agent = windows.start([main(), 'agent'], { hasModule, env })
    await expect.poll(() => agent.text()).toContain('listens at')
    return async () => {
      expect(await run(['stop'])).toMatchObject({ code: 0 })
      return agent.ended
    }
  }

  const run = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Finished> => windows.run([main(), ...args], { env })

  const records = async (): Promise<readonly { event: string; share?: string; caller?: Record<string, unknown> }[]> =>
    (await run(['audit', '--json'])).stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))

  test('L6 it says who had a token; a rule keeps a program out; a share has a pipe of its own; it ends when told', async () => {
    const stop = await startAgent()
    const { clientId, clientSecret } = server.basicClient
    const login = ['login', server.issuer, '--client-id', clientId, '--name', 'ci', '--grant', 'client_credentials']
    expect(await run([...login, '--scope', 'read'], { AUTHSOCK_CLIENT_SECRET: clientSecret })).toMatchObject({ code: 0 })

    expect(await run(['token', 'ci'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\S+\n$/), stderr: '' })
    const { caller } = (await records()).at(-1) ?? {}
    expect(caller).toMatchObject({
      pid: expect.any(Number),
      sid: expect.stringMatching(/^S-1-5-/),
      executable: expect.stringMatching(/\\node\.exe$/),
      container: 'none',
    })

    expect(await run(['share', 'create', 'box', '--profile', 'ci', '--scope', 'read', '--ttl', '1h'])).toMatchObject({ code: 0 })
    const { socket } = JSON.parse((await run(['share', 'show', 'box', '--json'])).stdout) as { socket: string }
    expect(await run(['token', 'ci', '--scope', 'read'], { AUTHSOCK: socket })).toMatchObject({ code: 0, stderr: '' })
    expect((await records()).at(-1)).toMatchObject({ share: 'box', caller: { executable: caller?.['executable'] } })
    expect(await run(['status'], { AUTHSOCK: socket })).toMatchObject({ code: 6, stderr: expect.stringContaining('box') })
    expect(await run(['share', 'remove', 'box'])).toMatchObject({ code: 0 })
    expect(await run(['share', 'show', 'box'])).not.toMatchObject({ code: 0 })

    const pattern = String(caller?.['executable']).toUpperCase().replace('NODE.EXE', '*')
    appendFileSync(
      join(windows.localAppData, 'authsock', 'config.toml'),
      `\n[[rule]]\nexecutable = '${pattern}'\ndecision = "deny"\n`,
    )
    // config.toml is looked at once a second.
    await expect.poll(async () => (await run(['token', 'ci'])).stderr).toContain('rule')
    expect((await records()).at(-1)).toMatchObject({ event: 'refused', caller: { executable: caller?.['executable'] } })

    const ended = await stop()
    expect(ended.code).toBe(0)
    expect(ended.stderr).not.toContain('unexpected')
  })

  test('without the native module it serves all the same, and says that callers are unknown', async () => {
    const stop = await startAgent(false)
    const { warnings } = JSON.parse((await run(['status', '--json'])).stdout) as { warnings: readonly string[] }
    expect(warnings).toEqual([expect.stringContaining('this system does not tell who calls')])
    expect((await stop()).stderr).toContain('this system does not tell who calls')
  })
})
