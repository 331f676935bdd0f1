// Which rule decides, and why.

import { describe, expect, test } from 'vitest'
import { type Caller, callerText, type Requester } from '../../../../src/core/access/caller.ts'
import { type AccessRequest, describeAccessRequest } from '../../../../src/core/access/access-request.ts'
import { mismatch, type Rule, type RuleField, RuleSet } from '../../../../src/core/access/rules.ts'
import { Random } from '../../../simulation/random.ts'

const git: Caller = {
  container: { kind: 'none' },
  uid: 1000,
  pid: 42,
  executable: '/usr/lib/git-core/git-remote-https',
  parents: [
    { pid: 41, executable: '/usr/bin/git' },
    { pid: 1, executable: '/usr/lib/systemd/systemd' },
  ],
}
const windows: Caller = {
  container: { kind: 'none' },
  pid: 8,
  executable: String.raw`C:\Program Files\Git\cmd\git.exe`,
  parents: [],
}
const boxed: Caller = { ...git, container: { kind: 'inside', id: '0123456789abcdef', engine: 'podman' } }
const unknown: Caller = { container: { kind: 'unknown' }, parents: [] }

const question = (caller: Caller, more: Partial<AccessRequest> & { profile?: string } = {}, share?: string): AccessRequest => {
  const { profile = 'work', ...rest } = more
  return {
    credential: { kind: 'access_token', profile },
    target: {},
    requester: { caller, channel: share === undefined ? { kind: 'main' } : { kind: 'share', share } },
    ...rest,
  }
}

describe('one rule', () => {
  test.each<[string, Omit<Rule, 'decision'>, AccessRequest, RuleField | undefined]>([
    ['nothing is named', {}, question(git), undefined],
    ['the profile', { profile: 'work' }, question(git), undefined],
    ['another profile', { profile: 'home' }, question(git), 'profile'],
    ['fewer scopes', { scopes: ['read', 'write'] }, question(git, { target: { scope: ['read'] } }), undefined],
    ['more scopes', { scopes: ['read'] }, question(git, { target: { scope: ['read', 'write'] } }), 'scopes'],
    ['all scopes that there are', { scopes: ['read'] }, question(git), 'scopes'],
    ['the resource', { resource: 'https://a.example' }, question(git, { target: { resource: 'https://a.example' } }), undefined],
    ['no resource', { resource: 'https://a.example' }, question(git), 'resource'],
    ['the executable', { executable: '/usr/lib/git-core/git-remote-https' }, question(git), undefined],
    ['a pattern', { executable: '/usr/lib/git-core/*' }, question(git), undefined],
    ['S2 the executable, in a container', { executable: '/usr/lib/git-core/*' }, question(boxed), 'executable'],
    ['* stops at a slash', { executable: '/usr/*' }, question(git), 'executable'],
    ['** does not', { executable: '/usr/**' }, question(git), undefined],
    ['a dot is a dot', { executable: '/usr/lib/git.core/*' }, question(git), 'executable'],
    ['an executable that nobody can tell', { executable: '**' }, question(unknown), 'executable'],
    ['on Windows, whatever the case', { executable: String.raw`c:\program files\git\CMD\*` }, question(windows), undefined],
    ['there * stops at a backslash', { executable: String.raw`C:\Program Files\*` }, question(windows), 'executable'],
    ['elsewhere the case counts', { executable: '/usr/lib/GIT-core/*' }, question(git), 'executable'],
    ['in any container', { container: 'any' }, question(boxed), undefined],
    ['in none', { container: 'none' }, question(git), undefined],
    ['in one, where none is wanted', { container: 'none' }, question(boxed), 'container'],
    ['who cannot be looked at is not said to be outside', { container: 'none' }, question(unknown), 'container'],
    ['the beginning of its id', { container: '0123456789ab' }, question(boxed), undefined],
    ['too little of it', { container: '0123' }, question(boxed), 'container'],
    ['a share', { share: 'devbox' }, question(git, {}, 'devbox'), undefined],
    ['another share', { share: 'devbox' }, question(git, {}, 'other'), 'share'],
    ['any share', { share: 'any' }, question(git, {}, 'other'), undefined],
    ['no share', { share: 'none' }, question(git), undefined],
    ['a share where none is wanted', { share: 'none' }, question(git, {}, 'devbox'), 'share'],
  ])('%s', (_, fields, asked, expected) => {
    expect(mismatch({ decision: 'allow', ...fields }, asked)).toBe(expected)
  })
})

test('the first that matches decides; without one it is allowed', () => {
  const rules: readonly Rule[] = [
    { decision: 'deny', profile: 'home' },
    { decision: 'ask', container: 'any' },
    { decision: 'allow' },
    { decision: 'deny' },
  ]
  const set = new RuleSet(rules)
  expect(set.first(question(git))).toEqual({ rule: rules[2], index: 2 })
  expect(set.first(question(boxed))).toEqual({ rule: rules[1], index: 1 })
  expect(set.first(question(boxed, { profile: 'home' }))).toEqual({ rule: rules[0], index: 0 })
  expect(new RuleSet([]).first(question(unknown))).toBeUndefined()
})

test('what is remembered of programs decides nothing: the same as by a look at every rule, whoever asks, as often as he likes', () => {
  const random = new Random(20_261_121)
  const patterns = [undefined, '/usr/*', '/usr/**', '/opt/a', '/opt/b', '**/git*', String.raw`C:\**`] as const
  const anyRule = (): Rule => {
    const executable = random.pick<string | undefined>(patterns)
    const profile = random.once(3) ? random.pick(['work', 'home']) : undefined
    return {
      decision: random.pick(['allow', 'ask', 'deny']),
      ...(executable === undefined ? {} : { executable }),
      ...(profile === undefined ? {} : { profile }),
      ...(random.once(4) ? { container: 'any' } : {}),
    }
  }
  for (let round = 0; round < 50; round++) {
    const rules = Array.from({ length: random.below(12) }, anyRule)
    const set = new RuleSet(rules)
    for (let asked = 0; asked < 40; asked++) {
      const program = { ...git, executable: random.pick(['/opt/a', '/opt/b', '/usr/a', `/usr/${asked}/git`]) }
      const caller = random.pick([git, windows, boxed, unknown, program])
      const one = question(caller, { profile: random.pick(['work', 'home', 'other']) })
      const index = rules.findIndex((each) => mismatch(each, one) === undefined)
      expect(set.first(one)).toEqual(index < 0 ? undefined : { rule: rules[index], index })
    }
  }
})

test('in words', () => {
  const requester: Requester = question(boxed, {}, 'devbox').requester
  expect(callerText(requester)).toBe('git-remote-https (pid 42) of git, in container 0123456789ab, by share devbox')
  expect(callerText(question(unknown).requester)).toBe('an unknown program')
  expect(describeAccessRequest(question(git, { target: { scope: ['read'], resource: 'https://a.example' } }))).toBe(
    "git-remote-https (pid 42) of git asks for an access token of 'work' (read, https://a.example)",
  )
})
