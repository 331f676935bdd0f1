// A git that can send Bearer (2.46 or newer), against servers that take nothing else and servers that take both; and what an
// older git is told.

import { afterEach, beforeEach, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { clientPath, clients, runClient } from '../../support/clients.ts'
import { runGit, startGitServer } from '../../support/git-server.ts'
import { type Finished, Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { hasCompiler } from '../../support/programs.ts'
import { describeWith, isLinux, programs } from '../../support/real-part.ts'
import { type Registry, tokenOf } from '../../support/registry.ts'

let server: AuthorizationServer
let home: Home
let remote: Registry

beforeEach(async () => {
  home = new Home()
  server = await startAuthorizationServer()
})

afterEach(async () => {
  await home.close()
  await remote?.close()
  await server.close()
})

async function start(challenge: string | readonly string[]): Promise<void> {
  remote = await startGitServer(home, ['a.git'], { challenge })
  home.config(workProfile(server, `[[route]]\nurl = "${remote.url}"\nprofile = "work"\n`))
  await logIn(home, server)
}

const parts = { ...programs('git'), 'a C compiler': hasCompiler(), Linux: isLinux }

describeWith({ ...parts, ...clients('debian/bin/git') }, 'git with authtype', () => {
  const git = (args: readonly string[], stdin = ''): Promise<Finished> =>
    runGit(home, args, { program: clientPath('debian/bin/git'), stdin })
  const lsRemote = (): Promise<Finished> => git(['ls-remote', `${remote.url}/a.git`])
  const listed = { code: 0, stderr: '', stdout: expect.stringContaining('refs/heads/main') as string }
  const secrets = async (): Promise<unknown> => (await home.http('GET', '/v1/secrets')).json()['secrets']

  test('a server that takes Bearer only gets it; a token that it refuses is replaced', async () => {
    await start('Bearer realm="git"')
    const token = await tokenOf(home)
    expect(await git(['clone', '-q', `${remote.url}/a.git`])).toEqual({ code: 0, stdout: '', stderr: '' })
    const served = remote.asked.filter(({ status }) => status === 200)
    expect(served.length).toBeGreaterThan(1)
    expect(served.map(({ scheme, credential }) => [scheme, credential])).toEqual(served.map(() => ['bearer', token]))
    remote.refuse(token)
    expect((await lsRemote()).code).toBe(128)
    expect(await lsRemote()).toMatchObject(listed)
    expect(remote.asked.at(-1)).toMatchObject({ scheme: 'bearer', status: 200 })
    expect([server.refreshes, await secrets()]).toEqual([1, []])
  })

  test('a server that takes both gets Basic, and our token is not kept', async () => {
    await start(['Bearer realm="git"', 'Basic realm="git"'])
    expect(await lsRemote()).toMatchObject(listed)
    expect(remote.asked.at(-1)).toMatchObject({ scheme: 'basic', credential: await tokenOf(home), status: 200 })
    expect(await secrets()).toEqual([])
  })

  test('`git credential capability` knows authtype, and fill gives the expiry', async () => {
    await start('Bearer')
    expect((await git(['credential', 'capability'])).stdout).toContain('capability authtype')
    const question = `capability[]=authtype\nprotocol=http\nhost=${remote.host}\nwwwauth[]=Bearer realm="git"\n`
    const { stdout } = await git(['credential', 'fill'], question)
    const { expires_at: expiry } = (await home.http('GET', '/v1/token?profile=work')).json<{ expires_at: number }>()
    expect(stdout.split('\n')).toEqual(
      expect.arrayContaining([
        'authtype=Bearer',
        `credential=${await tokenOf(home)}`,
        'ephemeral=1',
        `password_expiry_utc=${expiry}`,
      ]),
    )
  })

  test('a password with an end is kept with it, and given back with it', async () => {
    await start('Basic')
    const place = 'protocol=https\nhost=git.example.com\nusername=ada\n'
    const expiry = Math.floor(Date.now() / 1000) + 3600
    await git(['credential', 'approve'], `${place}password=short-lived\npassword_expiry_utc=${expiry}\n`)
    expect(await secrets()).toMatchObject([{ url: 'https://git.example.com', expires_at: expiry }])
    expect((await git(['credential', 'fill'], place)).stdout).toBe(
      `${place}password=short-lived\npassword_expiry_utc=${expiry}\n`,
    )
  })
})

describeWith({ 'a C compiler': hasCompiler(), Linux: isLinux }, 'git without authtype', () => {
  test('a server that takes Bearer only: git is told to stop, and the user why', async () => {
    remote = await startGitServer(home, [])
    home.config(workProfile(server, `[[route]]\nurl = "${remote.url}"\nprofile = "work"\n`))
    await logIn(home, server)
    const ask = (more: string): Promise<Finished> =>
      runClient(home, 'git-credential-authsock', ['get'], { stdin: `protocol=http\nhost=${remote.host}\n${more}\n` })
    expect(await ask('wwwauth[]=Bearer realm="git"\n')).toEqual({
      code: 8,
      stdout: 'quit=1\n',
      stderr:
        'authsock: the server accepts only Bearer tokens, which this version of git cannot send\nhint: use git 2.46 or newer\n',
    })
    expect((await ask('wwwauth[]=Bearer\nwwwauth[]=basic realm="git"\n')).stdout).toContain('username=oauth2\n')
  })
})
