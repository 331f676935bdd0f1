// What the command line prints, as a reader of a terminal sees it.

import { describe, expect, test } from 'vitest'
import { ago, duration, fromNow } from '../../../src/core/util/durations.ts'
import { statusLines } from '../../../src/cli/commands/status-lines.ts'
import type { Style } from '../../../src/cli/terminal.ts'
import type { AgentStatus, SessionStatus } from '../../../src/wire/messages.ts'

const plain = (text: string): string => text
const style: Style = { bold: plain, dim: plain, good: plain, warn: plain, bad: plain }
const now = 1_800_000_000

const session = (over: Partial<SessionStatus>): SessionStatus => ({
  profile: 'work',
  state: 'active',
  issuer: 'https://login.example.com',
  client_id: 'cli',
  grant: 'authorization_code',
  ...over,
})

const status = (sessions: readonly SessionStatus[], over: Partial<AgentStatus> = {}): AgentStatus => ({
  agent: { version: '1.0.0', protocol: 1, pid: 1, started_at: now, socket: '/s', config: '/c' },
  vault: { state: 'open', master_key: 'keychain' },
  sessions,
  warnings: [],
  ...over,
})

const show = (value: AgentStatus, width = 120): string => `\n${statusLines(value, now, width, style).join('\n')}\n`

const mixed = status([
  session({ user: 'ada', expires_at: now + 3480, refreshed_at: now - 120, next_refresh_at: now + 3120 }),
  session({
    profile: 'staging',
    state: 'retrying',
    user: 'ada',
    expires_at: now + 90,
    refreshed_at: now - 3500,
    next_refresh_at: now + 4,
    reason: 'login.example.com did not answer in time',
    hint: 'the server is slow; the next call tries again',
  }),
  session({
    profile: 'old',
    state: 'login_required',
    user: 'ada@example.com',
    expires_at: now - 90_000,
    refreshed_at: now - 93_600,
    reason: 'login.example.com says invalid_grant (expired)',
    hint: '`authsock login old`',
  }),
  session({ profile: 'ci', state: 'logged_out', grant: 'client_credentials', hint: '`authsock login ci`' }),
])

describe('authsock status', () => {
  test('sessions in every mood', () => {
    expect(show(mixed)).toMatchInlineSnapshot(`
      "
      PROFILE   STATE            USER              EXPIRES               LAST REFRESH   NEXT REFRESH
      work      active           ada               in 58 min             2 min ago      in 52 min
      staging   retrying         ada               in 1 min              58 min ago     in 4 s
        login.example.com did not answer in time
        hint: the server is slow; the next call tries again
      old       login required   ada@example.com   expired 1 d 1 h ago   1 d 2 h ago    -
        login.example.com says invalid_grant (expired)
        hint: \`authsock login old\`
      ci        logged out       -                 -                     -              -
        hint: \`authsock login ci\`

      vault open (master key in the keychain)
      "
    `)
  })

  test('on a narrow terminal the least telling columns go', () => {
    expect(show(mixed, 60)).toMatchInlineSnapshot(`
      "
      PROFILE   STATE            EXPIRES
      work      active           in 58 min
      staging   retrying         in 1 min
        login.example.com did not answer in time
        hint: the server is slow; the next call tries again
      old       login required   expired 1 d 1 h ago
        login.example.com says invalid_grant (expired)
        hint: \`authsock login old\`
      ci        logged out       -
        hint: \`authsock login ci\`

      vault open (master key in the keychain)
      "
    `)
  })

  test('nothing there yet: the first step', () => {
    expect(show(status([], { vault: { state: 'new' } }))).toMatchInlineSnapshot(`
      "
      no profiles
      hint: \`authsock login https://ISSUER --client-id ID\` creates one and logs in
      "
    `)
  })

  test('a locked vault and a warning', () => {
    const locked = status([session({ state: 'locked', reason: 'the keychain is locked' })], {
      vault: { state: 'locked', master_key: 'keychain', detail: 'the keychain is locked', hint: '`authsock unlock`' },
      warnings: ['the master key lies in a plain file beside the vault'],
    })
    expect(show(locked)).toMatchInlineSnapshot(`
      "
      PROFILE   STATE    USER   EXPIRES   LAST REFRESH   NEXT REFRESH
      work      locked   -      -         -              -

      vault locked (master key in the keychain): the keychain is locked
        hint: \`authsock unlock\`
      warning: the master key lies in a plain file beside the vault
      "
    `)
  })
})

describe('times', () => {
  test.each([
    [0, '0 s'],
    [45, '45 s'],
    [60, '1 min'],
    [3599, '59 min'],
    [3600, '1 h'],
    [5400, '1 h 30 min'],
    [36_000, '10 h'],
    [90_000, '1 d 1 h'],
    [90 * 86_400, '90 d'],
    [90 * 86_400 - 2, '90 d'],
    [3 * 86_400 - 20, '3 d'],
    [2 * 86_400 + 3_500, '2 d 1 h'],
    [-5, '0 s'],
  ])('%d s is %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text)
  })

  test('before and after', () => {
    expect([fromNow(now + 61, now), fromNow(now, now), fromNow(now - 61, now), ago(now, now)]).toEqual([
      'in 1 min',
      'now',
      '1 min ago',
      'just now',
    ])
  })
})
