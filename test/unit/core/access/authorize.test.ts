// authorize() as a table: who gets what by which rule and share, on every channel, for every kind of credential (requirement L13).

import { describe, expect, test } from 'vitest'
import type { AccessRequest, RequestedCredential } from '../../../../src/core/access/access-request.ts'
import { authorize, authorizeOperation, type Policy } from '../../../../src/core/access/authorize.ts'
import type { Caller, Channel } from '../../../../src/core/access/caller.ts'
import { type Rule, RuleSet } from '../../../../src/core/access/rules.ts'
import type { Share } from '../../../../src/core/access/share.ts'
import type { Target } from '../../../../src/core/session/session.ts'

const git: Caller = { executable: '/usr/bin/git', pid: 7, parents: [], container: { kind: 'none' } }
const hidden: Caller = { pid: 8, parents: [], container: { kind: 'unknown' } }
const boxed: Caller = { ...git, container: { kind: 'inside', id: '0123456789abcdef' } }
const nameless: Caller = { ...git, container: { kind: 'inside' } }
const api = 'https://api.example.com'
const prod = 'https://prod.example.com'

const share: Share = { name: 'box', profiles: ['work'], secrets: ['npm'], scope: ['read'], createdAt: 0, expiresAt: 1_000 }

interface Case {
  readonly rules?: readonly Rule[]
  readonly credential?: RequestedCredential
  readonly target?: Target
  readonly granted?: readonly string[]
  readonly caller?: Caller
  readonly share?: Share
  readonly channel?: Channel
  readonly profileTarget?: Target
  readonly now?: number
}

function decide(each: Case): string {
  const channel =
    each.channel ??
    (each.share === undefined ? ({ kind: 'main' } as const) : ({ kind: 'share', share: each.share.name } as const))
  const request: AccessRequest = {
    requester: { caller: each.caller ?? git, channel },
    credential: each.credential ?? { kind: 'access_token', profile: 'work' },
    target: each.target ?? {},
    ...(each.granted === undefined ? {} : { granted: each.granted }),
  }
  const policy: Policy = {
    rules: new RuleSet(each.rules ?? []),
    share: each.share,
    profileTarget: each.profileTarget ?? {},
    now: each.now ?? 0,
  }
  const decision = authorize(request, policy)
  return decision.kind === 'deny'
    ? decision.failure.code
    : `${decision.kind}${decision.match === undefined ? '' : ` ${decision.match.index + 1}`}`
}

const deny = (rule: Omit<Rule, 'decision'>): readonly Rule[] => [{ decision: 'deny', ...rule }]
const allowOnly = (rule: Omit<Rule, 'decision'>): readonly Rule[] => [{ decision: 'allow', ...rule }, { decision: 'deny' }]
const secret: RequestedCredential = { kind: 'secret', secret: 'work' }
const idToken: RequestedCredential = { kind: 'id_token', profile: 'work' }
const role: RequestedCredential = { kind: 'cloud_role', profile: 'work', role: { roleArn: 'arn:x' }, exchanged: 'access_token' }

test.each<[string, Case, string]>([
  ['no rule', {}, 'allow'],
  [
    'the first that matches',
    { rules: [{ decision: 'ask', profile: 'home' }, { decision: 'ask' }, { decision: 'deny' }] },
    'ask 2',
  ],
  ['a rule that allows', { rules: allowOnly({ profile: 'work' }) }, 'allow 1'],

  ['S2 deny for any container: in one', { rules: deny({ container: 'any' }), caller: boxed }, 'denied'],
  ['S2 deny for any container: in one without an id', { rules: deny({ container: 'any' }), caller: nameless }, 'denied'],
  ['S2 deny for any container: unknown', { rules: deny({ container: 'any' }), caller: hidden }, 'denied'],
  ['S2 deny for any container: outside', { rules: deny({ container: 'any' }) }, 'allow'],
  ['S2 ask for any container: unknown', { rules: [{ decision: 'ask', container: 'any' }], caller: hidden }, 'ask 1'],
  ['S2 allow outside of containers: unknown', { rules: allowOnly({ container: 'none' }), caller: hidden }, 'denied'],
  ['S2 deny outside of containers: unknown', { rules: deny({ container: 'none' }), caller: hidden }, 'denied'],
  [
    'S2 deny for one container: another without an id',
    { rules: deny({ container: '0123456789ab' }), caller: nameless },
    'denied',
  ],
  [
    'S2 allow for one container: one without an id',
    { rules: allowOnly({ container: '0123456789ab' }), caller: nameless },
    'denied',
  ],
  ['S2 an executable without a container: in one', { rules: allowOnly({ executable: '/usr/bin/git' }), caller: boxed }, 'denied'],
  ['S2 an executable without a container: outside', { rules: allowOnly({ executable: '/usr/bin/git' }) }, 'allow 1'],
  [
    'S2 an executable in any container',
    { rules: allowOnly({ executable: '/usr/bin/git', container: 'any' }), caller: boxed },
    'allow 1',
  ],
  ['L12 deny for an executable: an unknown one', { rules: deny({ executable: '/usr/bin/curl' }), caller: hidden }, 'denied'],
  ['L12 deny for an executable: another one', { rules: deny({ executable: '/usr/bin/curl' }) }, 'allow'],
  ['L12 allow for any executable: an unknown one', { rules: allowOnly({ executable: '**' }), caller: hidden }, 'denied'],

  [
    'S5 deny a resource: the default of the profile is resolved',
    { rules: deny({ resource: prod }), target: { resource: prod } },
    'denied',
  ],
  [
    'S5 deny a resource: named as the audience',
    { rules: deny({ resource: prod }), target: { resource: api, audience: prod } },
    'denied',
  ],
  ['S5 deny an audience: named as the resource', { rules: deny({ audience: prod }), target: { resource: prod } }, 'denied'],
  ...[
    'https://prod.example.com/',
    'HTTPS://PROD.example.COM',
    'https://prod.example.com:443',
    'https://prod.example.com.',
    'https://u@prod.example.com',
    ' https://prod.example.com',
    'https://prod.example.com/#x',
    'https://prod.example.com//',
  ].map((resource): [string, Case, string] => [
    `S5 deny a resource: spelled ${resource}`,
    { rules: deny({ resource: prod }), target: { resource } },
    'denied',
  ]),
  [
    'S5 deny a resource: a path, with escapes',
    { rules: deny({ resource: `${prod}/a` }), target: { resource: `${prod}/%61/` } },
    'denied',
  ],
  ['S5 deny a resource: another one', { rules: deny({ resource: prod }), target: { resource: api } }, 'allow'],
  ['S5 deny both: one is not enough', { rules: deny({ resource: prod, audience: api }), target: { resource: prod } }, 'allow'],
  ['S5 deny a scope: among others', { rules: deny({ scopes: ['write'] }), target: { scope: ['read', 'write'] } }, 'denied'],
  ['S5 deny a scope: not among them', { rules: deny({ scopes: ['write'] }), target: { scope: ['read'] } }, 'allow'],
  ['S5 deny a scope: not known', { rules: deny({ scopes: ['write'] }) }, 'denied'],
  ['S5 allow scopes: not known', { rules: allowOnly({ scopes: ['write'] }) }, 'denied'],
  ['S5 allow scopes: more', { rules: allowOnly({ scopes: ['read'] }), target: { scope: ['read', 'write'] } }, 'denied'],
  ['S5 allow a resource: to the letter', { rules: allowOnly({ resource: api }), target: { resource: `${api}/` } }, 'denied'],
  [
    'S5 allow a resource: with an audience beside it',
    { rules: allowOnly({ resource: api }), target: { resource: api, audience: prod } },
    'denied',
  ],
  ['S5 allow both', { rules: allowOnly({ resource: api, audience: 'x' }), target: { resource: api, audience: 'x' } }, 'allow 1'],
  ['S5 allow no resource: none', { rules: allowOnly({ resource: 'none' }) }, 'allow 1'],
  ['S5 allow no resource: one', { rules: allowOnly({ resource: 'none' }), target: { resource: api } }, 'denied'],

  [
    'S3 allow scopes: the server grants more',
    { rules: allowOnly({ scopes: ['read'] }), target: { scope: ['read'] }, granted: ['read', 'write'] },
    'denied',
  ],
  [
    'L9 a share: the server grants it under its long name',
    {
      share: { ...share, scope: ['email'] },
      target: { scope: ['email'] },
      granted: ['https://www.googleapis.com/auth/userinfo.email'],
    },
    'allow',
  ],
  [
    'L9 deny a scope: granted under its long name',
    { rules: deny({ scopes: ['User.Read'] }), target: { scope: ['x'] }, granted: ['https://graph.microsoft.com/User.Read'] },
    'denied',
  ],
  [
    'S3 the same, accepted',
    { rules: allowOnly({ scopes: ['read'], allowWiderScope: true }), target: { scope: ['read'] }, granted: ['read', 'write'] },
    'allow 1',
  ],
  [
    'S3 deny a scope: granted without being asked for',
    { rules: deny({ scopes: ['write'] }), target: { scope: ['read'] }, granted: ['read', 'write'] },
    'denied',
  ],
  [
    'S3 a share: the server grants more',
    { share, target: { scope: ['read'] }, granted: ['openid', 'offline_access', 'read', 'write'] },
    'share_limited',
  ],
  [
    'S3 a share: the same, accepted',
    { share: { ...share, allowWiderScope: true }, target: { scope: ['read'] }, granted: ['read', 'write'] },
    'allow',
  ],
  [
    'S3 accepted is what the server grants, not what is asked',
    { share: { ...share, allowWiderScope: true }, target: { scope: ['write'] } },
    'share_limited',
  ],

  [
    'S4 a share without a resource: the profile has one',
    { share, target: { scope: ['read'], resource: api }, profileTarget: { resource: api } },
    'allow',
  ],
  [
    'S4 a share without a resource: another is named',
    { share, target: { scope: ['read'], resource: 'urn:x:1' }, profileTarget: { resource: api } },
    'share_limited',
  ],
  [
    'S4 a share without a resource: an audience is named',
    { share, target: { scope: ['read'], audience: 'urn:x:1' } },
    'share_limited',
  ],
  [
    'S4 a share for any target',
    { share: { ...share, anyTarget: true }, target: { scope: ['read'], resource: 'urn:x:1' } },
    'allow',
  ],
  [
    'S4 a share of one resource: that one',
    { share: { ...share, resource: api }, target: { scope: ['read'], resource: api } },
    'allow',
  ],
  [
    'S4 a share of one resource: for any target as well',
    { share: { ...share, resource: api, anyTarget: true }, target: { scope: ['read'], resource: prod } },
    'share_limited',
  ],
  [
    'S4 a share of one resource: an audience beside it',
    { share: { ...share, resource: api }, target: { scope: ['read'], resource: api, audience: 'x' } },
    'share_limited',
  ],

  ['L3 a share: another profile', { share, credential: { kind: 'access_token', profile: 'home' } }, 'share_limited'],
  ['L3 a share: more scopes', { share, target: { scope: ['read', 'write'] } }, 'share_limited'],
  ['L3 a share: its secret', { share, credential: { kind: 'secret', secret: 'npm' } }, 'allow'],
  ['L3 a share: a secret called like its profile', { share, credential: secret }, 'share_limited'],
  ['L3 a share that has expired', { share, target: { scope: ['read'] }, now: 1_000 }, 'share_expired'],
  ['L3 a share that is gone', { channel: { kind: 'share', share: 'box' } }, 'share_expired'],
  ['L3 a share of another name', { share, channel: { kind: 'share', share: 'other' } }, 'share_expired'],
  ['L3 a share without openid: an ID token', { share, credential: idToken, target: { scope: ['openid'] } }, 'share_limited'],
  [
    'L3 a share with openid: an ID token',
    { share: { ...share, scope: ['openid'] }, credential: idToken, target: { scope: ['openid'] } },
    'allow',
  ],
  [
    'L3 a share with openid and a resource: an ID token',
    { share: { ...share, scope: ['openid'], resource: api }, credential: idToken },
    'share_limited',
  ],
  ['L3 a share: a role by an ID token', { share, credential: { ...role, exchanged: 'id_token' } }, 'share_limited'],
  ['L3 a share: a role', { share, credential: role, target: { scope: ['read'] } }, 'allow'],
  [
    'L3 a share: a role at an endpoint',
    { share, credential: { ...role, role: { roleArn: 'arn:x', endpoint: 'http://169.254.1.1' } } },
    'share_limited',
  ],
  ['a rule for a share', { share, target: { scope: ['read'] }, rules: deny({ share: 'box' }) }, 'denied'],
  ['a rule for the main socket', { share, target: { scope: ['read'] }, rules: deny({ share: 'none' }) }, 'allow'],

  ['S16 a rule for a profile: a secret of that name', { rules: deny({ profile: 'work' }), credential: secret }, 'allow'],
  ['S16 a rule for a secret: a profile of that name', { rules: deny({ secret: 'work' }) }, 'allow'],
  ['S16 a rule for a secret', { rules: deny({ secret: 'work' }), credential: secret }, 'denied'],
  [
    'S16 a rule for a profile that does not exist goes on to protect a secret',
    { rules: deny({ profile: 'work', profileIsUnknown: true }), credential: secret },
    'denied',
  ],
  ['S16 and allows none', { rules: allowOnly({ profile: 'work', profileIsUnknown: true }), credential: secret }, 'denied'],
  ['S16 a rule for ID tokens: an access token', { rules: deny({ credential: 'id_token' }) }, 'allow'],
  ['S16 a rule for ID tokens', { rules: deny({ credential: 'id_token' }), credential: idToken }, 'denied'],
  ['S16 a rule for roles', { rules: deny({ credential: 'cloud_role' }), credential: role }, 'denied'],
  [
    'S16 a rule about scopes: a secret has none',
    { rules: deny({ scopes: ['read'] }), credential: { kind: 'secret', secret: 'x' } },
    'allow',
  ],
])('%s', (_, each, expected) => {
  expect(decide(each)).toBe(expected)
})

describe('operations', () => {
  test.each<['token' | 'read' | 'admin', Channel, Share | undefined, string | undefined]>([
    ['admin', { kind: 'main' }, undefined, undefined],
    ['read', { kind: 'main' }, undefined, undefined],
    ['token', { kind: 'share', share: 'box' }, share, undefined],
    ['read', { kind: 'share', share: 'box' }, share, 'share_limited'],
    ['admin', { kind: 'share', share: 'box', transport: 'tcp' }, share, 'share_limited'],
    ['admin', { kind: 'share', share: 'box' }, undefined, 'share_expired'],
  ])('L3 %s, %j', (permission, channel, bounds, code) => {
    expect(authorizeOperation(permission, channel, bounds)?.code).toBe(code)
  })
})

test('the refusal says what the share issues, and how its owner can accept a wider scope', () => {
  const wide = authorize(
    {
      requester: { caller: git, channel: { kind: 'share', share: 'box' } },
      credential: { kind: 'access_token', profile: 'work' },
      target: { scope: ['read'] },
      granted: ['read', 'write'],
    },
    { rules: new RuleSet([]), share, profileTarget: {}, now: 0 },
  )
  expect(wide).toMatchObject({
    kind: 'deny',
    failure: {
      code: 'share_limited',
      message:
        "the share 'box' does not issue the scope 'write', which the server grants all the same; it issues tokens of 'work' (scope: read) and the secrets 'npm'",
      hint: "if the server cannot grant less, the share's owner can accept that: `authsock share create --allow-wider-scope`",
    },
  })
})
