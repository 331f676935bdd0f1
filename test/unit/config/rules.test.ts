// Rules in config.toml: mistakes are named, and what the program adds and removes leaves everything else as it was (requirement L13).

import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readConfig } from '../../../src/config/config.ts'
import { addRule, removeRule } from '../../../src/config/edit-rules.ts'
import type { RuleTable } from '../../../src/config/rules.ts'
import { lastingRule } from '../../../src/core/access/approval.ts'
import { type Caller, callerText, type Channel, type Requester } from '../../../src/core/access/caller.ts'
import { sanitizeForDisplay, quoteForDisplay } from '../../../src/core/util/text.ts'
import { type AccessRequest, describeAccessRequest } from '../../../src/core/access/access-request.ts'
import { mismatch, type Rule, RuleSet } from '../../../src/core/access/rules.ts'

let folder: string
let file: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'authsock-config-'))
  file = join(folder, 'config.toml')
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

const text = (): string => readFileSync(file, 'utf8')
const rules = async (): Promise<readonly Rule[]> => (await readConfig(text(), file)).rules
const deny: RuleTable = { decision: 'deny', profile: 'x' }

const commented = `#:schema x
[[rule]] # the first
decision = "ask" # hm
profile = "a"

# belongs to
# the second
[[rule]]
decision = "allow"
lifetime_is_not_here = "x"
`.replace('lifetime_is_not_here = "x"\n', 'share = "any"\n')

describe('mistakes', () => {
  test.each([
    ['[[rule]]\ndecison = "ask"', "c.toml:2:1: unknown key 'decison': did you mean 'decision'?"],
    [
      '[[rule]]\ndecision = "ask"\n\n[[rule]]\ndecision = "ask"\n  colour = 1',
      "c.toml:6:3: unknown key 'colour': the keys are decision, credential, profile, secret, scopes, allow_wider_scope, resource, audience, executable, container, share, lifetime",
    ],
    ['[[rule]]\ndecision = "perhaps"', `c.toml:2:1: 'decision' is "perhaps", not one of allow, ask, deny`],
    ['[[rule]]\nprofile = "x"', "'decision' is missing"],
    ['[[rule]]\ndecision = "ask"\nlifetime = 0', "c.toml:3:1: 'lifetime' is 0: the minimum is 1"],
    ['[[rule]]\ndecision = "ask"\nlifetime = "8h"', "c.toml:3:1: 'lifetime' is not a whole number"],
    ['[[rule]]\ndecision = "allow"\nlifetime = 8', "c.toml:3:1: 'lifetime' has an effect only with decision ask"],
    ['[[rule]]\ndecision = "ask"\nscopes = "read"', "c.toml:3:1: 'scopes' is not a list"],
    [
      '[[rule]]\ndecision = "ask"\nexecutable = "git"',
      "c.toml:3:1: 'executable' must be an absolute path or a pattern, not 'git'",
    ],
    ['[[rule]]\ndecision = "ask"\ncontainer = "box"', "c.toml:3:1: 'container' must be any, none"],
    ['lock_after = 5', "c.toml:1:1: 'lock_after' is 5: the minimum is 10"],
    ['[rule]\ndecision = "ask"', "'rule' is not a list"],
  ])('%j', async (config, complaint) => {
    await expect(readConfig(config, 'c.toml')).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringContaining(complaint),
    })
  })
})

test('S16 a rule can name a static secret', async () => {
  const { rules: read } = await readConfig('[[rule]]\ndecision = "deny"\nsecret = "x"\n', 'c.toml')
  expect(read).toEqual([{ decision: 'deny', secret: 'x' }])
  expect(await addRule(file, { decision: 'ask', secret: 'x' }, 'last')).toMatchObject({ index: 0 })
  expect(await rules()).toEqual([{ decision: 'ask', secret: 'x' }])
})

describe('adding', () => {
  test('after the last, before the first, before one in between: comments stay with what they belong to', async () => {
    writeFileSync(file, commented)
    expect(await addRule(file, deny, 'last')).toMatchObject({ index: 2, line: 12 })
    expect(text()).toBe(`${commented}\n[[rule]]\ndecision = "deny"\nprofile = "x"\n`)
    writeFileSync(file, commented)
    expect(await addRule(file, deny, 1, 'why')).toMatchObject({ index: 1, line: 7 })
    expect(text()).toBe(commented.replace('# belongs', '# why\n[[rule]]\ndecision = "deny"\nprofile = "x"\n\n# belongs'))
    writeFileSync(file, commented)
    expect(await addRule(file, deny, 0)).toMatchObject({ index: 0, line: 3 })
    expect(text()).toBe(commented.replace('[[rule]] # the', '\n[[rule]]\ndecision = "deny"\nprofile = "x"\n\n[[rule]] # the'))
  })

  test('to no file, an empty one, one without an end of line, one with CRLF', async () => {
    const alone = '[[rule]]\ndecision = "deny"\nprofile = "x"\n'
    expect(await addRule(file, deny, 'last')).toEqual({ index: 0, line: 1, text: alone.trim() })
    expect(text()).toBe(alone)
    writeFileSync(file, '[[rule]]\ndecision = "ask"')
    await addRule(file, deny, 'last')
    expect(text()).toBe(`[[rule]]\ndecision = "ask"\n\n${alone}`)
    writeFileSync(file, '# c\r\n[[rule]]\r\ndecision = "ask"\r\n')
    await addRule(file, deny, 0)
    expect(text()).toBe(`${alone.replaceAll('\n', '\r\n')}\r\n# c\r\n[[rule]]\r\ndecision = "ask"\r\n`)
  })

  test('before the rule that says this, wherever it stands now; not where it is gone', async () => {
    writeFileSync(file, commented)
    const [, second] = await rules()
    const before = second ?? { decision: 'ask' }
    await addRule(file, deny, 0)
    expect(await addRule(file, deny, { before })).toMatchObject({ index: 2 })
    expect((await rules()).map(({ decision }) => decision)).toEqual(['deny', 'ask', 'deny', 'allow'])
    const changed = text().replace('share = "any"', 'share = "none"')
    writeFileSync(file, changed)
    await expect(addRule(file, deny, { before })).rejects.toMatchObject({ code: 'not_found' })
    expect(text()).toBe(changed)
  })

  test.each<[RuleTable, string]>([
    [{ decision: 'perhaps' as 'ask' }, `'decision' is "perhaps", not one of allow, ask, deny`],
    [{ decision: 'ask', container: 'box' }, "'container' must be any, none, or at least 12 digits of an id, not 'box'"],
    [{ decision: 'ask', executable: 'git' }, "'executable' must be an absolute path or a pattern, not 'git'"],
    [{ decision: 'allow', lifetime: 60 }, "'lifetime' has an effect only with decision ask"],
    [{ decision: 'ask', scopes: ['a b'] }, '"a b" is not a scope: write one scope per element, without spaces'],
    [{ decision: 'ask', profile: '' }, "'profile' is empty"],
  ])('%j is refused, and nothing written', async (table, message) => {
    writeFileSync(file, commented)
    await expect(addRule(file, table, 'last')).rejects.toMatchObject({ code: 'bad_request', message })
    expect(text()).toBe(commented)
  })

  test('a file that may not be written, rules in one list, no such rule: said, and nothing written', async () => {
    writeFileSync(file, commented)
    await expect(addRule(file, deny, 2)).rejects.toMatchObject({ code: 'not_found', message: 'no rule 3' })
    await expect(removeRule(file, 2)).rejects.toMatchObject({ code: 'not_found', message: 'no rule 3' })
    chmodSync(file, 0o444)
    await expect(addRule(file, deny, 0)).rejects.toMatchObject({ code: 'storage_failed' })
    await expect(removeRule(file, 0)).rejects.toMatchObject({ code: 'storage_failed' })
    chmodSync(file, 0o600)
    expect(text()).toBe(commented)
    const list = 'rule = [{ decision = "ask" }]\n'
    writeFileSync(file, list)
    await expect(addRule(file, deny, 0)).rejects.toMatchObject({ code: 'config_invalid' })
    await expect(removeRule(file, 0)).rejects.toMatchObject({ code: 'config_invalid' })
    expect(text()).toBe(list)
  })

  test('what is added is read as it was meant, between any rules, and taking it out leaves what was there', async () => {
    const name = fc.stringMatching(/^[a-z]{1,5}$/)
    const table: fc.Arbitrary<RuleTable> = fc.record(
      {
        decision: fc.constantFrom('allow', 'ask', 'deny'),
        profile: name,
        scopes: fc.uniqueArray(name, { minLength: 1, maxLength: 3 }),
        resource: fc.string({ unit: 'binary', minLength: 1 }),
        executable: fc.string({ unit: 'binary' }).map((each) => `/${each}`),
        container: fc.constantFrom('any', 'none', '0123456789ab'),
        share: name,
      },
      { requiredKeys: ['decision'] },
    )
    const part = fc.constantFrom(
      '',
      '\n',
      '# c\n',
      '\n# d\n\n',
      '[[route]]\nurl = "https://a.example"\nsecret = "s"\n',
      ' # e\n\n',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(part, table), { maxLength: 4 }), table, fc.nat(), async (tables, added, at) => {
        rmSync(file, { force: true })
        const first = tables.map(([each]) => each)
        for (const [, each] of tables) await addRule(file, each, 'last')
        // Comments and blank lines between them.
        let index = 0
        writeFileSync(
          file,
          tables.length === 0
            ? ''
            : text().replaceAll(
                /^\[\[rule\]\]/gm,
                (found) => (first[index] ?? '').replace('a.example', `a${index++}.example`) + found,
              ),
        )
        const [before, all] = [text(), await rules()]
        const place = at % (tables.length + 1)
        await addRule(file, added, place === tables.length ? 'last' : place)
        const now = await rules()
        expect(now.toSpliced(place, 1)).toEqual(all)
        const { decision, scopes, ...rest } = added
        expect(now[place]).toEqual({
          decision,
          ...rest,
          ...(scopes === undefined ? {} : { scopes: scopes.toSorted() }),
          ...(rest.profile === undefined ? {} : { profileIsUnknown: true }),
        })
        await removeRule(file, place)
        expect(await rules()).toEqual(all)
        expect(text().replaceAll(/\s/g, '')).toBe(before.replaceAll(/\s/g, ''))
      }),
      { numRuns: 30 },
    )
  })
})

describe('a rule for always', () => {
  const question = fc
    .record({
      profile: fc.constantFrom('work', 'home'),
      scope: fc.option(fc.constantFrom(['read'], ['read', 'write'], []), { nil: undefined }),
      resource: fc.option(fc.constantFrom('https://a.example', 'urn:b'), { nil: undefined }),
      executable: fc.option(fc.constantFrom('/usr/bin/git', '/opt/a b/[x](y)+{z}', '/x\n"\\u0041'), { nil: undefined }),
      container: fc.option(fc.constantFrom('0'.repeat(64), 'none'), { nil: undefined }),
      share: fc.option(fc.constantFrom('box', 'other'), { nil: undefined }),
      isKnown: fc.boolean(),
    })
    .map(({ profile, scope, resource, executable, container, share, isKnown }): AccessRequest => ({
      credential: { kind: 'access_token', profile },
      target: { ...(scope === undefined ? {} : { scope }), ...(resource === undefined ? {} : { resource }) },
      requester: {
        caller: {
          parents: [],
          ...(executable === undefined ? {} : { executable }),
          container:
            container !== undefined
              ? { kind: 'inside', ...(container === 'none' ? {} : { id: container }) }
              : { kind: isKnown ? 'none' : 'unknown' },
        },
        channel: share === undefined ? { kind: 'main' } : { kind: 'share', share },
      },
    }))
  const asking = fc.record(
    {
      decision: fc.constant('ask' as const),
      profile: fc.constant('work'),
      scopes: fc.constantFrom(['read'], ['read', 'write']),
      resource: fc.constant('urn:b'),
      executable: fc.constantFrom('/usr/**', '/opt/**', '**'),
      container: fc.constantFrom('any', 'none', '0'.repeat(12)),
      share: fc.constantFrom('any', 'none', 'box'),
    },
    { requiredKeys: ['decision'] },
  )

  /** Whether the user who allowed `asked` has allowed `other` as well. */
  function isWithin(asked: AccessRequest, other: AccessRequest): boolean {
    const [a, b] = [asked.requester, other.requester]
    const parts = ({ credential, target: { resource, audience } }: AccessRequest, { channel }: Requester) =>
      JSON.stringify([credential, resource, audience, channel])
    const scope = asked.target.scope
    const hasNoId = a.caller.container.kind === 'inside' && a.caller.container.id === undefined
    return (
      parts(asked, a) === parts(other, b) &&
      (scope === undefined || other.target.scope?.every((each) => scope.includes(each)) === true) &&
      (a.caller.executable === undefined || a.caller.executable === b.caller.executable) &&
      (a.caller.executable === undefined || JSON.stringify(a.caller.container) === JSON.stringify(b.caller.container) || hasNoId)
    )
  }

  test('S5 decides the request that it was written for, and no other that the user has not seen', () => {
    let met = 0
    fc.assert(
      fc.property(question, question, asking, fc.constantFrom('allow', 'deny'), (asked, other, ask, decision) => {
        if (mismatch(ask, asked) !== undefined) return
        let lasting: Rule
        try {
          lasting = lastingRule(decision, asked, ask)
        } catch {
          return
        }
        met += 1
        expect(new RuleSet([lasting, ask]).first(asked)).toMatchObject({ index: 0 })
        if (decision === 'allow' && mismatch(lasting, other) === undefined) expect(isWithin(asked, other)).toBe(true)
      }),
      { numRuns: 6_000 },
    )
    expect(met).toBeGreaterThan(100)
  })

  test.each<[string, Partial<Caller>, Channel, Partial<Rule>]>([
    ['an unknown program on the main socket', { executable: undefined as never }, { kind: 'main' }, {}],
    ['a program that may be in a container', { container: { kind: 'unknown' } }, { kind: 'main' }, {}],
    [
      'an unknown program, asked about by its path',
      { executable: undefined as never },
      { kind: 'share', share: 'box' },
      { executable: '**' },
    ],
  ])('%s: no rule can name just this caller', (_, fields, channel, ask) => {
    const caller: Caller = { executable: '/usr/bin/git', parents: [], container: { kind: 'none' }, ...fields }
    const asked: AccessRequest = {
      credential: { kind: 'access_token', profile: 'work' },
      target: {},
      requester: { caller, channel },
    }
    expect(() => lastingRule('allow', asked, { decision: 'ask', ...ask })).toThrow('no rule can name just this caller')
  })

  test.each(['/tmp/*/x', '/tmp/\ufffd', '/usr/bin/git (deleted)'])('%s is no name for one program', (executable) => {
    const caller = { container: { kind: 'none' }, parents: [], executable } as const
    const asked: AccessRequest = {
      credential: { kind: 'access_token', profile: 'work' },
      target: {},
      requester: { caller, channel: { kind: 'main' } },
    }
    expect(() => lastingRule('allow', asked, { decision: 'ask' })).toThrow('no rule can name just the program')
  })
})

describe('names in a question', () => {
  test.each([
    ['git', 'git'],
    ['git (pid 1) of make asks for nothing', '"git (pid 1) of make asks for nothing"'],
    ['a"b', `"a'b"`],
    ['a\nb\u202ec\u0007\u200b', '"a\ufffdb\ufffdc\ufffd\ufffd"'],
    ['<b>x</b>', '"<b>x</b>"'],
    ['a\u00a0\u3164\u2800b', '"a\ufffd\ufffd\ufffdb"'],
    ['größe-ß_1.0+x', 'größe-ß_1.0+x'],
  ])('%j', (name, shown) => {
    expect(quoteForDisplay(name)).toBe(shown)
  })

  test('a long one leaves room for what is asked', () => {
    const executable = `/tmp/${'x'.repeat(4_000)} asks for a token of 'harmless'`
    const caller = { container: { kind: 'none' }, parents: [], executable, pid: 1 } as const
    const requester = { caller, channel: { kind: 'main' } } as const
    expect(callerText(requester)).toHaveLength(48 + '"\u2026" (pid 1)'.length)
    const target = {
      scope: Array.from({ length: 300 }, (_, index) => `scope${index}`),
      resource: `https://a.example/${'y'.repeat(900)}`,
    }
    expect(describeAccessRequest({ credential: { kind: 'access_token', profile: 'work' }, target, requester })).toMatch(
      / asks for an access token of 'work' \(.{320,340}\)$/,
    )
    expect(sanitizeForDisplay('\u{1f511}'.repeat(200), 4)).toBe('\u{1f511}\u{1f511}\u2026\u{1f511}\u{1f511}')
  })
})
