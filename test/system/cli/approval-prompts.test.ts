// U5: a request that a rule puts before the user is answered at the terminal that waits for it, or it is said at once where to
// answer. A locked vault is said before anything is asked.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ApprovalStatus } from '../../../src/wire/messages.ts'
import { type AuthorizationServer, startAuthorizationServer } from '../../support/authorization-server.ts'
import { Home } from '../../support/home.ts'
import { logIn, workProfile } from '../../support/login.ts'
import { hasCompiler, nativePrograms, twinPrograms } from '../../support/programs.ts'
import { describeWith, isLinux, programs } from '../../support/real-part.ts'
import { Tmux } from '../../support/tmux.ts'

let server: AuthorizationServer
let home: Home

beforeAll(async () => {
  server = await startAuthorizationServer()
})

afterAll(() => server.close())

beforeEach(async () => {
  home = new Home()
  home.config(`${workProfile(server)}\n[[rule]]\ndecision = "ask"\nscopes = ["write"]\n`)
  expect((await logIn(home, server)).code).toBe(0)
})

afterEach(() => home.close())

const approvals = async (): Promise<readonly ApprovalStatus[]> =>
  (await home.http('GET', '/v1/approvals')).json<{ approvals: ApprovalStatus[] }>().approvals
const write = ['token', 'work', '--scope', 'write']

describeWith({ Linux: isLinux }, 'U5 without a terminal', () => {
  test('it says at once what is needed and where to answer; stdout stays the token', async () => {
    let said = ''
    const token = home.run(write, { onStderr: (text) => (said = text) })
    await expect.poll(() => said).toMatch(/approval needed: node.* asks for an access token of 'work' \(write\)/)
    const [approval] = await approvals()
    expect(said).toContain(`hint: \`authsock approve ${approval?.id}\` in another terminal answers it`)
    expect((await home.run(['approve', approval?.id ?? ''])).code).toBe(0)
    const { code, stdout } = await token
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^\S+\n$/)])
  })

  test('an ordinary request says nothing', async () => {
    expect((await home.run(['token', 'work', '--scope', 'read'])).stderr).toBe('')
  })

  test('a locked vault: nothing is asked', async () => {
    await home.run(['lock'])
    const { code, stderr } = await home.run(write)
    expect([code, stderr]).toEqual([4, expect.not.stringContaining('approval')])
    expect(await approvals()).toEqual([])
  })
})

describeWith({ ...programs('tmux'), Linux: isLinux, 'a C compiler': hasCompiler() }, 'U5 at a terminal', () => {
  const at = async (work: (terminal: Tmux) => Promise<void>): Promise<void> => {
    const terminal = new Tmux(home)
    try {
      await work(terminal)
    } finally {
      terminal.close()
    }
  }

  describe('the terminal that waits is asked', () => {
    test.each([
      ['y', /allowed\n\S{20,}\nrc=0/],
      ['', /denied\n[^]*rc=6/],
    ])('%j', (answer, seen) =>
      at(async (terminal) => {
        terminal.type(write.join(' '))
        await terminal.see(/approval needed: [^]*allow\? /)
        terminal.send(answer)
        await terminal.see(seen)
      }),
    )
  })

  test.each([
    ['the thin client', nativePrograms],
    ['its twin', twinPrograms],
  ])('a tool that waits through %s says so, once', (_, folder) =>
    at(async (terminal) => {
      home.config(
        `${workProfile(server)}\n[[route]]\nurl = "https://git.example.com"\nprofile = "work"\n\n[[rule]]\ndecision = "ask"\n`,
      )
      await home.http('POST', '/v1/config/reload')
      const credential = `printf 'protocol=https\\nhost=git.example.com\\n\\n' | ${folder()}/git-credential-authsock get`
      terminal.send(`clear; ${credential}; echo rc=$?`)
      await terminal.see(/waiting for the agent; if it asks you for an approval, answer there or with `authsock approve`/)
      await home.run(['approve', (await approvals())[0]?.id ?? ''])
      const screen = await terminal.see(/password=\S{20,}[^]*rc=0/)
      expect(screen.match(/waiting for/g)).toHaveLength(1)
    }),
  )

  test('an answer from elsewhere ends the question', () =>
    at(async (terminal) => {
      terminal.type(write.join(' '))
      await terminal.see(/allow\? /)
      await home.run(['approve', (await approvals())[0]?.id ?? ''])
      await terminal.see(/^\S{20,}\nrc=0/m)
    }))
})
