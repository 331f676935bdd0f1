// L3: what a request by a share resolves to, and that nothing that is allowed goes beyond the share's bounds.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toProfile } from '../../../../src/config/profile-table.ts'
import { authorize } from '../../../../src/core/access/authorize.ts'
import { profileTarget, resolveTarget } from '../../../../src/core/access/resolve-target.ts'
import { RuleSet } from '../../../../src/core/access/rules.ts'
import type { Share } from '../../../../src/core/access/share.ts'

const profile = toProfile('work', {
  issuer: 'https://login.example',
  client_id: 'cli',
  scopes: ['openid', 'read', 'write'],
  resource: 'https://api.example',
})
const share: Share = {
  name: 'devbox',
  profiles: ['work', 'home'],
  secrets: [],
  scope: ['read', 'write'],
  resource: 'https://fixed.example',
  createdAt: 0,
  expiresAt: 1_000,
}

test('what a request does not name is what the share, then the profile, says', () => {
  const { scope: _, resource: __, ...open } = share
  expect(resolveTarget({}, profile, share, ['openid', 'read'])).toEqual({
    requested: { scope: ['read', 'write'], resource: 'https://fixed.example' },
    resolved: { scope: ['read', 'write'], resource: 'https://fixed.example' },
  })
  expect(resolveTarget({}, profile, open, ['openid', 'read'])).toEqual({
    requested: { resource: 'https://api.example' },
    resolved: { scope: ['openid', 'read'], resource: 'https://api.example' },
  })
  expect(resolveTarget({ audience: 'x' }, profile, undefined, undefined)).toEqual({
    requested: { audience: 'x' },
    resolved: { scope: ['openid', 'read', 'write'], audience: 'x' },
  })
})

test('nothing that is allowed goes beyond the bounds', () => {
  const scope = fc.constantFrom('read', 'write', 'admin')
  const url = fc.constantFrom('https://api.example', 'https://bank.example', 'urn:x')
  const name = fc.constantFrom('work', 'home', 'bank')
  const some = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined })
  const bounds = fc.record({
    profiles: fc.array(name, { minLength: 1 }),
    scope: some(fc.array(scope)),
    resource: some(url),
    audience: some(url),
    anyTarget: some(fc.boolean()),
  })
  const asked = fc.record({ scope: some(fc.array(scope)), resource: some(url), audience: some(url) })
  const given = <T extends object>(record: T) =>
    Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))
  let allowed = 0
  fc.assert(
    fc.property(bounds, asked, name, some(fc.array(scope)), fc.nat(2_000), (fields, wanted, profileName, granted, now) => {
      const { scope: _, resource: __, ...plain } = share
      const made = { ...plain, ...given(fields) } as Share
      const target = resolveTarget(given(wanted), profile, made, undefined).resolved
      const decision = authorize(
        {
          requester: {
            caller: { parents: [], container: { kind: 'unknown' } },
            channel: { kind: 'share', share: made.name },
          },
          credential: { kind: 'access_token', profile: profileName },
          target,
          ...(granted === undefined ? {} : { granted }),
        },
        { rules: new RuleSet([]), share: made, profileTarget: profileTarget(profile), now },
      )
      if (decision.kind !== 'allow') return
      allowed += 1
      expect(now).toBeLessThan(made.expiresAt)
      expect(made.profiles).toContain(profileName)
      for (const scope of granted ?? target.scope ?? []) if (made.scope !== undefined) expect(made.scope).toContain(scope)
      const isFixed = made.resource !== undefined || made.audience !== undefined
      const own = isFixed ? made : profile
      if (isFixed || made.anyTarget !== true) {
        for (const key of ['resource', 'audience'] as const) {
          if (target[key] !== undefined) expect(target[key]).toBe(own[key])
        }
      }
    }),
    { numRuns: 5_000 },
  )
  expect(allowed).toBeGreaterThan(100)
})
