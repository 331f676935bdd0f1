// R21, H5: what a command of ours has changed in config.toml counts when the command returns.

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { type Finished, Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'

let server: AuthorizationServer
let home: Home

beforeAll(async () => {
  server = await startAuthorizationServer()
})

afterAll(() => server.close())

beforeEach(async () => {
  home = new Home()
  home.config(`${workProfile(server)}\n${workProfile(server).replace('[profile.work]', '[profile.other]')}`)
  await home.startAgent(['--log', 'quiet'])
  for (const name of ['work', 'other']) expect((await logIn(home, server, [name, '--no-browser'])).code).toBe(0)
})

afterEach(() => home.close())

const token = (): Promise<number> => home.http('GET', '/v1/token?profile=work').then(({ status }) => status)
const password = async (): Promise<string | undefined> => {
  const { stdout } = await home.run(['git', 'get'], { stdin: 'protocol=https\nhost=git.example.com\n\n' })
  return /^password=(.*)$/m.exec(stdout)?.[1]
}
const tokenOf = async (name: string): Promise<string> => (await home.run(['token', name])).stdout.trim()

/** With the agent having read the file a moment before, and asked at once afterwards. */
async function changed(...args: readonly string[]): Promise<Finished> {
  await token()
  const finished = await home.run(args)
  expect([finished.code, finished.stderr]).toEqual([0, expect.any(String)])
  return finished
}

test('H5 a rule, from the moment it is added to the moment it is removed', async () => {
  expect(await token()).toBe(200)
  await changed('rule', 'add', '--decision', 'deny', '--profile', 'work')
  expect(await token()).toBe(403)
  await changed('rule', 'remove', '1')
  expect(await token()).toBe(200)
})

test('H5 a route, and another one for the same host', async () => {
  await changed('route', 'add', 'https://git.example.com', '--profile', 'work')
  expect(await password()).toBe(await tokenOf('work'))
  await changed('route', 'remove', 'https://git.example.com')
  expect(await password()).toBeUndefined()
  await changed('route', 'add', 'https://git.example.com', '--profile', 'other')
  expect(await password()).toBe(await tokenOf('other'))
})

test('H5 the default profile', async () => {
  const name = async (): Promise<unknown> => (await home.http('GET', '/v1/token')).json()['profile']
  for (const wanted of ['work', 'other', 'work']) {
    await changed('profile', 'default', wanted)
    expect(await name()).toBe(wanted)
  }
})
