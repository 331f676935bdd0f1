// L3: what a shared socket gives, and that nothing can be asked that goes beyond it.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Failure } from '../../../../src/core/failures.ts'
import { bounded, type Share } from '../../../../src/core/access/share.ts'

const share: Share = {
  name: 'devbox',
  profiles: ['work', 'home'],
  secrets: [],
  scope: ['read', 'write'],
  resource: 'https://api.example',
  createdAt: 0,
  expiresAt: 1_000,
}

const refusal = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    if (error instanceof Failure) return `${error.code}: ${error.message}`
  }
  return 'none'
}

describe('L3', () => {
  test('what is not named is what the share gives', () => {
    expect(bounded(share, undefined, {}, 0)).toEqual({
      profile: 'work',
      target: { scope: ['read', 'write'], resource: 'https://api.example' },
    })
    expect(bounded(share, 'home', { scope: ['read'], resource: 'https://api.example' }, 0)).toEqual({
      profile: 'home',
      target: { scope: ['read'], resource: 'https://api.example' },
    })
  })

  test('the refusal says what is allowed', () => {
    expect(refusal(() => bounded(share, 'bank', {}, 0))).toBe(
      "share_limited: the share 'devbox' does not give 'bank'; it gives tokens of 'work', 'home' with read write for https://api.example",
    )
    expect(refusal(() => bounded(share, 'work', { scope: ['read', 'admin'] }, 0))).toContain("does not give the scope 'admin'")
    expect(refusal(() => bounded(share, 'work', { resource: 'https://bank.example' }, 0))).toContain(
      "is not for resource 'https://bank.example'",
    )
    expect(refusal(() => bounded(share, 'work', { audience: 'x' }, 0))).toContain("is not for audience 'x'")
    expect(refusal(() => bounded(share, undefined, {}, 1_000))).toContain('share_expired')
  })

  test('nothing that comes out goes beyond its bounds', { retry: 0 }, () => {
    const word = fc.constantFrom('read', 'write', 'admin', 'https://api.example', 'https://bank.example', 'work', 'home', 'bank')
    const some = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined })
    const shares = fc.record({
      profiles: fc.array(word, { minLength: 1 }),
      scope: some(fc.array(word)),
      resource: some(word),
      audience: some(word),
    })
    const asked = fc.record({ profile: some(word), scope: some(fc.array(word)), resource: some(word), audience: some(word) })
    const given = <T extends object>(record: T) =>
      Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))
    fc.assert(
      fc.property(shares, asked, fc.nat(2_000), (bounds, { profile, ...target }, now) => {
        const made = { ...share, ...given(bounds) } as Share
        const { scope: _, resource: __, ...plain } = share
        const narrow = { ...plain, ...given(bounds) } as Share
        for (const each of [made, narrow]) {
          try {
            const out = bounded(each, profile, given(target), now)
            expect(now).toBeLessThan(each.expiresAt)
            expect(each.profiles).toContain(out.profile)
            if (each.scope !== undefined) for (const scope of out.target.scope ?? ['missing']) expect(each.scope).toContain(scope)
            if (each.resource !== undefined || each.audience !== undefined) {
              expect([out.target.resource, out.target.audience]).toEqual([each.resource, each.audience])
            }
          } catch (error) {
            if (!(error instanceof Failure)) throw error
          }
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
