// R16-R18: refusals of one target, refusals that may pass, and sessions that the server narrows.

import { describe, expect, test } from 'vitest'
import { Failure } from '../../../../src/core/failures.ts'
import type { TokenResponse } from '../../../../src/core/ports.ts'
import { toProfile } from '../../../../src/config/profile-table.ts'
import { redact } from '../../../../src/core/redacted.ts'
import { checkTarget } from '../../../../src/core/session/profile-match.ts'
import { decodeRecord, encodeRecord } from '../../../../src/core/session/record.ts'
import { resume } from '../../../../src/core/session/resume.ts'
import { refreshDueAt, wakeAt } from '../../../../src/core/session/schedule.ts'
import { checkScope } from '../../../../src/core/session/scope.ts'
import type { LiveSession, SessionRecord, Target } from '../../../../src/core/session/session.ts'
import type { Effect, Event, Notice } from '../../../../src/core/session/steps.ts'
import type { TokenRefusal } from '../../../../src/core/session/token-refusal.ts'
import { decide } from '../../../../src/core/session/tokens.ts'
import { transition } from '../../../../src/core/session/transitions.ts'
import { minute, record, refusal, response, start, token } from './fixtures.ts'

const second = 1000
const other: Target = { resource: 'https://b.example' }
const third: Target = { resource: 'https://c.example' }

/** A session over a store that keeps what is saved, at a server that answers as told. */
class Life {
  session: LiveSession
  stored: SessionRecord
  now = start
  posts: Target[] = []
  readonly notices: Notice[] = []
  readonly answers: (string | undefined)[] = []

  constructor(kept: SessionRecord) {
    this.stored = kept
    this.session = { kind: 'active', record: kept }
  }

  refresh(target: Target, outcome: TokenRefusal | TokenResponse, forced = false): void {
    let event: Event | undefined = { type: 'refresh', target, replayGrace: 0, forced }
    while (event !== undefined) {
      const step = transition(this.session, event, this.now)
      this.session = step.session
      event = step.effects.reduce<Event | undefined>((next, effect) => this.#perform(effect, outcome) ?? next, undefined)
    }
  }

  /** The agent is restarted; what is durable has been read back from its JSON form. */
  restart(): void {
    this.stored = decodeRecord(encodeRecord(this.stored), 'work', this.stored.generation)
    this.session = resume(this.stored, this.now, 0)
  }

  decide(target: Target) {
    return decide(this.session, 'work', target, undefined, this.now)
  }

  #perform(effect: Effect, outcome: TokenRefusal | TokenResponse): Event | undefined {
    const stored = this.stored
    const digest = stored.refreshToken?.reveal()
    switch (effect.type) {
      case 'acquire_lock':
        return { type: 'lock_acquired', stored, digest }
      case 'read':
        return { type: 'checked', stored, digest }
      case 'save':
        expect(effect.record.generation).toBe(stored.generation + 1)
        this.stored = effect.record
        return { type: 'saved' }
      case 'post':
        this.posts.push(effect.target)
        return 'kind' in outcome ? { type: 'refused', refusal: outcome } : { type: 'tokens', response: outcome }
      case 'answer':
        this.answers.push(effect.outcome instanceof Failure ? effect.outcome.message : effect.outcome.value.reveal())
        return undefined
      case 'notify':
        this.notices.push(effect.notice)
        return undefined
      case 'release_lock':
        return undefined
    }
  }
}

const rotated = (life: Life, over: Partial<TokenResponse> = {}): TokenResponse =>
  response(life.now, { refreshToken: redact(`refresh-${life.now}`), accessToken: redact(`access-${life.now}`), ...over })

describe('R17 a refusal about one target', () => {
  test.each(['refused', 'interaction_required'] as const)(
    'finding L2 %s: this target fails, at once and for a while, and no other',
    (kind) => {
      const life = new Life(record())
      life.refresh(other, refusal(kind))
      expect(life.session.kind).toBe('active')
      expect(life.answers).toEqual([`told: ${kind}`])
      expect(life.decide(other)).toMatchObject({
        kind: 'fail',
        failure: { code: 'server_refused', details: { retryAfter: 60, profile: 'work' } },
      })
      expect(life.decide({})).toMatchObject({ kind: 'serve' })
      expect(life.decide(third)).toEqual({ kind: 'refresh' })
      life.now += minute
      expect(life.decide(other)).toEqual({ kind: 'refresh' })
    },
  )

  test('the pause grows, survives a restart, and ends with a token', () => {
    const life = new Life(record({ rotates: false }))
    const pauses: number[] = []
    for (let attempt = 0; attempt < 9; attempt++) {
      life.refresh(other, refusal('refused'))
      life.restart()
      const decision = life.decide(other)
      const pause = decision.kind === 'fail' ? (decision.failure.details.retryAfter ?? 0) : 0
      pauses.push(pause / 60)
      life.now += pause * second
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60])
    life.refresh(other, rotated(life))
    expect(life.stored.refusedTargets).toBeUndefined()
  })

  test('another agent was refused it: it is not sent again', () => {
    const refusing = new Life(record({ rotates: false }))
    refusing.refresh(other, refusal('refused'))
    const life = new Life(record({ rotates: false }))
    life.stored = refusing.stored
    life.refresh(other, rotated(life))
    expect(life.posts).toEqual([])
    expect(life.answers).toEqual(['told: refused'])
    expect(life.session).toMatchObject({ kind: 'active', record: refusing.stored })
    life.refresh(other, rotated(life), true)
    expect(life.posts).toEqual([other])
  })

  test('S4 no more than 32 are remembered', () => {
    const life = new Life(record({ rotates: false }))
    for (let index = 0; index < 40; index++) life.refresh({ resource: `https://${index}.example` }, refusal('refused'))
    expect(life.stored.refusedTargets).toHaveLength(32)
    expect(life.decide({ resource: 'https://39.example' }).kind).toBe('fail')
  })

  test('finding L1 it may have spent the refresh token: the live token comes first, and a later refusal says so', () => {
    const life = new Life(record({ rotates: true }))
    life.refresh(other, refusal('refused'))
    expect(life.stored.intent).toMatchObject({ targetRefused: true })
    // Not refreshed ahead, and not for a caller who requires more lifetime.
    expect(refreshDueAt(life.stored)).toBe(start + 60 * minute - 2 * second)
    life.now = start + 58 * minute
    expect(decide(life.session, 'work', {}, 30 * minute, life.now)).toMatchObject({ kind: 'serve', refreshAhead: false })
    life.refresh({}, rotated(life))
    expect(life.posts).toEqual([other])
    life.now = start + 61 * minute
    life.refresh({}, refusal('invalid_grant'))
    expect(life.session).toMatchObject({
      kind: 'login_required',
      reason: { code: 'refused_after_ambiguous', text: expect.stringContaining('refused a token for another target') as string },
    })
  })

  test('finding L1 a server that is known not to rotate has spent nothing', () => {
    const life = new Life(record({ rotates: false }))
    life.refresh(other, refusal('refused'))
    expect(life.stored.intent).toBeUndefined()
  })

  test.each(['busy', 'not_sent', 'client_refused', 'no_verdict'] as const)('%s after it: the doubt stays', (kind) => {
    const life = new Life(record({ rotates: true }))
    life.refresh(other, refusal('refused'))
    life.refresh(third, refusal(kind))
    expect(life.stored.intent).toMatchObject({ targetRefused: true })
    expect(life.session).toMatchObject({ kind: 'backing_off', plan: { ambiguous: false } })
  })

  test('R4 after an unanswered attempt it says nothing about that one', () => {
    const life = new Life(record({ rotates: true, accessTokens: [token({ expiresAt: start + minute })] }))
    life.now = start + minute
    life.refresh({}, refusal('no_answer'))
    life.now += minute
    life.refresh(other, refusal('refused'))
    expect(life.session).toMatchObject({ kind: 'backing_off', plan: { ambiguous: true } })
    expect(life.stored.intent?.targetRefused).toBeUndefined()
    expect(life.stored.refusedTargets).toHaveLength(1)
  })

  test("of the session's own target: it backs off, with the live token first if the refresh token may be spent", () => {
    const unknown = new Life(record())
    unknown.refresh({}, refusal('refused'))
    expect(unknown.session).toMatchObject({ kind: 'backing_off', plan: { ambiguous: true, attempts: 1 } })
    const kept = new Life(record({ rotates: false }))
    kept.refresh({}, refusal('refused'))
    expect(kept.session).toMatchObject({ kind: 'backing_off', plan: { ambiguous: false, attempts: 1 } })
  })
})

describe('R18 a refusal that may pass', () => {
  const refusedOnce = (kind: 'invalid_grant' | 'may_pass' | 'interaction_required' = 'invalid_grant'): Life => {
    const life = new Life(record({ accessTokens: [token({ expiresAt: start + minute })] }))
    life.now = start + 2 * minute
    life.refresh({}, refusal(kind))
    return life
  }

  test('finding L3 a login is required, with a retry as the way out; it is tried again after a pause, and recovers', () => {
    const life = refusedOnce('may_pass')
    expect(life.decide({})).toMatchObject({ kind: 'fail', failure: { code: 'login_required' } })
    const decision = life.decide({})
    expect(decision.kind === 'fail' && decision.failure.hint).toContain('`authsock retry work`')
    life.now += 15 * second
    expect(wakeAt(life.session, true, life.now)).toBe(life.now)
    expect(life.decide(other)).toEqual({ kind: 'refresh' })
    life.refresh(other, rotated(life))
    // By the target of the login: a caller may have asked for another one.
    expect(life.posts).toEqual([{}, {}])
    expect(life.session.kind).toBe('active')
    expect(life.stored.loginRequired).toBeUndefined()
  })

  test.each([
    ['invalid_grant', [30, 120, 600, 3600, 21_600, 86_400, undefined, undefined]],
    ['may_pass', [15, 60, 300, 900, 3600, 3600, 3600, 3600]],
  ] as const)('%s: the pauses grow, also over a restart, and it is said once', (kind, expected) => {
    const life = refusedOnce(kind)
    const pauses: (number | undefined)[] = []
    for (let attempt = 0; attempt < 8; attempt++) {
      life.restart()
      const at = life.session.kind === 'login_required' ? life.session.retryAt : 0
      pauses.push(at === undefined ? undefined : (at - life.now) / second)
      if (at === undefined) continue
      life.refresh({}, refusal(kind))
      expect(life.posts).toHaveLength(attempt + 1)
      life.now = at
      life.refresh({}, refusal(kind))
      expect(life.posts).toHaveLength(attempt + 2)
    }
    expect(pauses).toEqual(expected)
    expect(life.notices.filter(({ type }) => type === 'login_required')).toHaveLength(1)
  })

  test.each(['not_sent', 'no_answer', 'busy', 'no_verdict', 'refused', 'client_refused'] as const)(
    'a retry that ends in %s changes nothing, and the next one waits',
    (kind) => {
      const life = refusedOnce()
      const before = life.stored.loginRequired
      life.now += 30 * second
      life.refresh({}, refusal(kind))
      expect(life.session).toMatchObject({ kind: 'login_required', reason: before })
      expect(life.stored.loginRequired).toEqual(before)
      expect(life.decide({}).kind).toBe('fail')
      expect(life.notices).toHaveLength(1)
    },
  )

  test('N15 the user can have it tried at once: after a refusal, during a pause, and in doubt', () => {
    const life = refusedOnce()
    life.refresh({}, rotated(life), true)
    expect(life.session.kind).toBe('active')
    life.refresh({}, refusal('busy', 3_600_000))
    expect(life.session).toMatchObject({ plan: { notBefore: life.now + 15 * minute } })
    life.refresh({}, rotated(life), true)
    expect(life.session.kind).toBe('active')
    life.refresh({}, refusal('no_answer'))
    life.refresh({}, rotated(life))
    expect(life.session.kind).toBe('backing_off')
    life.refresh({}, rotated(life), true)
    expect(life.session.kind).toBe('active')
  })

  test('tokens for another user, and an end that is no refusal, are not tried again', () => {
    const life = new Life(record())
    life.refresh({}, refusal('identity_changed'))
    expect(life.session).toMatchObject({ kind: 'login_required' })
    life.now += 100 * minute
    expect(life.decide({}).kind).toBe('fail')
    expect(wakeAt(life.session, true, life.now)).toBeUndefined()
  })

  test('R8 a clock that was set back does not put the retry off', () => {
    const life = refusedOnce()
    life.now -= 60 * minute
    expect(life.decide({})).toEqual({ kind: 'refresh' })
    life.restart()
    expect(life.session).toMatchObject({ retryAt: life.now + 30 * second })
  })

  test('the live token is served meanwhile', () => {
    const life = new Life(record())
    life.refresh({}, refusal('invalid_grant'))
    expect(life.decide({})).toMatchObject({ kind: 'serve' })
    expect(decide(life.session, 'work', {}, 59 * minute, start + 5 * minute)).toMatchObject({ kind: 'serve' })
  })
})

describe('R16 what the server grants', () => {
  const profile = toProfile('work', { issuer: 'https://issuer.example', client_id: 'c', scopes: ['read', 'write'] })
  const narrow: Target = { scope: ['read'] }

  test('finding L13 a refresh that names no scope brings less: it is noticed, said, and kept', () => {
    const life = new Life(record())
    life.refresh(narrow, rotated(life, { scope: ['read'] }))
    expect(life.stored).toMatchObject({ scope: ['read', 'write'], refreshTokenIsNarrow: true })
    life.now += 2 * minute
    life.refresh({}, rotated(life, { scope: ['read'] }))
    expect(life.stored).toMatchObject({ scope: ['read'], narrowedFrom: ['read', 'write'] })
    expect(life.notices).toContainEqual({
      type: 'narrowed',
      record: life.stored,
      from: ['read', 'write'],
      afterNarrowRequest: true,
    })
    life.restart()
    expect(() => checkScope(profile, life.stored, { scope: ['write'] })).toThrow(
      "the server has narrowed the session of 'work' to 'read': 'write' needs a new login",
    )
    life.now += 2 * minute
    life.refresh({}, rotated(life, { scope: ['read'] }))
    expect(life.notices.filter(({ type }) => type === 'narrowed')).toHaveLength(1)
  })

  test('a server that answers in full after a narrow request has not narrowed anything', () => {
    const life = new Life(record())
    life.refresh(narrow, rotated(life, { scope: ['read'] }))
    life.now += 2 * minute
    life.refresh({}, rotated(life, { scope: ['write', 'read'] }))
    expect(life.stored).toMatchObject({ scope: ['read', 'write'] })
    expect(life.stored.refreshTokenIsNarrow).toBeUndefined()
    expect(life.stored.narrowedFrom).toBeUndefined()
  })

  test('an answer for another resource, or without openid and offline_access, does not narrow it', () => {
    const life = new Life(record({ scope: ['offline_access', 'openid', 'read', 'write'] }))
    life.refresh(other, rotated(life, { scope: ['read'] }))
    expect(life.stored.scope).toEqual(['offline_access', 'openid', 'read', 'write'])
    life.now += 2 * minute
    life.refresh({}, rotated(life, { scope: ['read', 'write'] }))
    expect(life.notices.filter(({ type }) => type === 'narrowed')).toEqual([])
  })

  test.each([
    ['email', 'https://www.googleapis.com/auth/userinfo.email'],
    ['User.Read', 'https://graph.microsoft.com/User.Read'],
  ])('finding L9 the server calls %s %s: both names stay usable', (short, long) => {
    const asked = toProfile('work', { issuer: 'https://issuer.example', client_id: 'c', scopes: [short, 'openid'] })
    const granted = record({ scope: [long, 'openid'] })
    for (const scope of [short, long]) expect(() => checkScope(asked, granted, { scope: [scope] })).not.toThrow()
    expect(() => checkScope(asked, granted, { scope: ['mail'] })).toThrow('does not allow')
  })

  test('finding L9 a name that says nothing about what was requested: the server is asked', () => {
    expect(() => checkScope(profile, record({ scope: ['r', 'w'] }), { scope: ['write'] })).not.toThrow()
    expect(() => checkScope(profile, record({ scope: ['read'] }), { scope: ['write'] })).toThrow('was not granted')
  })

  test('R24 a token in its last two seconds is not served', () => {
    const life = new Life(record())
    life.now = start + 60 * minute - 2001
    expect(decide(life.session, 'work', {}, 0, life.now)).toMatchObject({ kind: 'serve' })
    life.now += 1
    expect(decide(life.session, 'work', {}, 0, life.now)).toEqual({ kind: 'refresh' })
  })

  test('finding L12 a token that lives for two seconds can still be used for one', () => {
    const brief = record({ accessTokens: [token({ expiresAt: start + 2 * second })] })
    expect(decide({ kind: 'active', record: brief }, 'work', {}, 0, start + 999)).toMatchObject({ kind: 'serve' })
    expect(decide({ kind: 'active', record: brief }, 'work', {}, 0, start + 1000)).toEqual({ kind: 'refresh' })
  })
})

describe('finding L16 an idle limit of the server', () => {
  const idle = record({ refreshTokenExpiresAt: start + 30 * minute, refreshedAt: start })

  test('a session that is refreshed on demand is refreshed before the refresh token ends', () => {
    expect(wakeAt({ kind: 'active', record: idle }, false, start)).toBe(start + 27 * minute)
    expect(wakeAt({ kind: 'active', record: record() }, false, start)).toBeUndefined()
    expect(refreshDueAt(idle)).toBe(start + 27 * minute)
  })

  test('an end that is fixed is not chased', () => {
    const refreshed = record({ refreshTokenExpiresAt: start + 30 * minute, refreshedAt: start + 27 * minute })
    expect(wakeAt({ kind: 'active', record: refreshed }, false, start)).toBe(start + 29.7 * minute)
    const last = record({ refreshTokenExpiresAt: start + 30 * minute, refreshedAt: start + 29.7 * minute })
    expect(wakeAt({ kind: 'active', record: last }, false, start)).toBeUndefined()
  })

  test('a long one is kept alive a day before its end', () => {
    const day = 24 * 60 * minute
    const long = record({ refreshTokenExpiresAt: start + 90 * day, refreshedAt: start })
    expect(wakeAt({ kind: 'active', record: long }, false, start)).toBe(start + 89 * day)
  })
})

describe('finding L1 a target that nobody named', () => {
  const table = { issuer: 'https://issuer.example', client_id: 'c' }

  test('is refused here, with what to do about it', () => {
    const profile = toProfile('work', {
      ...table,
      resource: 'https://a.example',
      resources: ['https://b.example'],
      audiences: ['x'],
    })
    for (const target of [{}, { resource: 'https://a.example' }, { resource: 'https://b.example' }, { audience: 'x' }])
      expect(() => checkTarget(profile, target)).not.toThrow()
    for (const target of [
      { resource: 'https://c.example' },
      { audience: 'y' },
      { resource: 'x' },
      { audience: 'https://a.example' },
    ])
      expect(() => checkTarget(profile, target)).toThrow(expect.objectContaining({ code: 'target_not_allowed' }))
    expect(() => checkTarget(profile, { audience: 'y' })).toThrow(
      expect.objectContaining({ hint: 'add it to `audiences` of the profile in config.toml, then `authsock login work`' }),
    )
  })

  test('a session without a refresh token has nothing to lose', () => {
    const profile = toProfile('work', { ...table, grant: 'client_credentials' })
    expect(() => checkTarget(profile, other)).not.toThrow()
  })
})
