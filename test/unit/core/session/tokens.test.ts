import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { Failure, asFailure, failureCodes } from '../../../../src/core/failures.ts'
import { decodeRecord, encodeRecord } from '../../../../src/core/session/record.ts'
import { redact } from '../../../../src/core/redacted.ts'
import { backOff, nextWake, refreshDueAt, wakeAt } from '../../../../src/core/session/schedule.ts'
import { checkScope, normalScope, parseScope } from '../../../../src/core/session/scope.ts'
import type { LiveSession, Target } from '../../../../src/core/session/session.ts'
import { canonicalTarget, decide, withRefused, withToken } from '../../../../src/core/session/tokens.ts'
import { closest } from '../../../../src/core/util/closest.ts'
import { toProfile } from '../../../../src/config/profile-table.ts'
import { minute, record, refusal, start, token } from './fixtures.ts'

const active = (over = {}): LiveSession => ({ kind: 'active', record: record(over) })
const at = (session: LiveSession, now: number, minTtl?: number, target: Target = {}) =>
  decide(session, 'work', target, minTtl, now)

describe('decide', () => {
  test('a live token is served; an aging one too, and its replacement started', () => {
    expect(at(active(), start + minute)).toMatchObject({ kind: 'serve', refreshAhead: false })
    expect(at(active(), start + 58 * minute)).toMatchObject({ kind: 'serve', refreshAhead: true })
  })

  test('an expired one, one too short, and none are refreshed', () => {
    expect(at(active(), start + 60 * minute)).toEqual({ kind: 'refresh' })
    expect(at(active(), start + 31 * minute, 30 * minute)).toEqual({ kind: 'refresh' })
    expect(at(active(), start, undefined, { resource: 'https://other.example' })).toEqual({ kind: 'refresh' })
  })

  test('a life that no token of this server has is not insisted on: fresh tokens are not refreshed again and again', () => {
    expect(at(active(), start + minute, 24 * 60 * minute)).toMatchObject({ kind: 'serve' })
    expect(at(active(), start + 10 * minute, 24 * 60 * minute)).toEqual({ kind: 'refresh' })
  })

  test('a token that a server has refused is refreshed; another one, or one that nothing can replace, is left alone', () => {
    const before = record({
      accessTokens: [token(), token({ value: redact('other'), target: { resource: 'https://other.example' } })],
    })
    const after = withRefused(before, 'access-1', start + minute)
    expect(at({ kind: 'active', record: after }, start + minute)).toEqual({ kind: 'refresh' })
    expect(at({ kind: 'active', record: after }, start + minute, undefined, { resource: 'https://other.example' })).toMatchObject(
      { kind: 'serve' },
    )
    expect(withRefused(before, 'unknown', start + minute)).toBe(before)
    expect(withRefused(after, 'access-1', start + 2 * minute)).toBe(after)
    const { refreshToken: _, ...last } = before
    expect(withRefused(last, 'access-1', start + minute)).toBe(last)
  })

  test('a token without an expiry is served for as long as it is there', () => {
    const { expiresAt: _, ...endless } = token()
    expect(at(active({ accessTokens: [endless] }), start + 400 * 24 * 60 * minute)).toMatchObject({ kind: 'serve' })
  })

  test('without a refresh token: served to the end, then login_required', () => {
    const { refreshToken: _, ...rest } = record()
    const session: LiveSession = { kind: 'active', record: rest }
    expect(at(session, start + 59.9 * minute)).toMatchObject({ kind: 'serve', refreshAhead: false })
    expect(at(session, start + 60 * minute)).toMatchObject({ kind: 'fail', failure: { code: 'login_required' } })
  })

  test('R8 the clock was set back: a token from the future is replaced, and served only where no other can be had', () => {
    expect(at(active(), start - minute)).toEqual({ kind: 'refresh' })
    const { failure } = refusal('busy')
    const plan = { failure, attempts: 1, failedAt: start - minute, retryAt: start, notBefore: start, ambiguous: false }
    expect(at({ kind: 'backing_off', record: record(), plan }, start - minute)).toMatchObject({ kind: 'serve' })
    const planned = { ...plan, failedAt: start + 60 * minute, retryAt: start + 90 * minute, notBefore: start + 90 * minute }
    const session: LiveSession = { kind: 'backing_off', record: record({ accessTokens: [] }), plan: planned }
    expect(at(session, start)).toEqual({ kind: 'refresh' })
    expect(wakeAt(session, true, start)).toBe(start)
    expect(wakeAt(active(), true, start - minute)).toBe(start - minute)
  })

  test('R7 while backing off, the shorter token is better than none; then the failure says when to retry', () => {
    const { failure } = refusal('busy')
    const plan = {
      failure,
      attempts: 1,
      failedAt: start,
      retryAt: start + 90 * minute,
      notBefore: start + 90 * minute,
      ambiguous: false,
    }
    const session: LiveSession = { kind: 'backing_off', record: record(), plan }
    expect(at(session, start + 50 * minute, 50 * minute)).toMatchObject({ kind: 'serve' })
    expect(at(session, start + 60 * minute)).toMatchObject({
      kind: 'fail',
      failure: { details: { retryAfter: 1800, profile: 'work' } },
    })
    expect(at(session, start + 90 * minute)).toEqual({ kind: 'refresh' })
  })
})

describe('P13 P14 targets and scopes', () => {
  test('asking for all that was granted is asking for no scope in particular', () => {
    expect(canonicalTarget(record(), { scope: ['read', 'write'] })).toEqual({})
    expect(canonicalTarget(record(), { scope: ['read'], resource: 'r' })).toEqual({ scope: ['read'], resource: 'r' })
  })

  test('two resources never share a token', () => {
    const other = token({ value: redact('other'), target: { resource: 'https://b.example' } })
    const tokens = withToken([token()], other, start)
    expect(tokens.length).toBe(2)
    const session: LiveSession = { kind: 'active', record: record({ accessTokens: tokens }) }
    expect(at(session, start, undefined, { resource: 'https://b.example' })).toMatchObject({ token: { value: other.value } })
    expect(at(session, start, undefined, { resource: 'https://c.example' })).toEqual({ kind: 'refresh' })
    expect(at(session, start, undefined, { audience: 'https://b.example' })).toEqual({ kind: 'refresh' })
  })

  test('a record does not grow without end, and its first token stays first', () => {
    let tokens = [token()] as readonly ReturnType<typeof token>[]
    for (let n = 0; n < 200; n++) tokens = withToken(tokens, token({ target: { resource: `https://${n}.example` } }), start)
    expect(tokens.length).toBe(64)
    expect(tokens[0]?.target).toEqual({})
    expect(tokens.at(-1)?.target.resource).toBe('https://199.example')
  })

  test('scopes: order and doubles mean nothing; more than the profile or the login allows is refused apart', () => {
    expect(parseScope('b  a b')).toEqual(['a', 'b'])
    expect(normalScope(['b', '', 'a'])).toEqual(['a', 'b'])
    const profile = toProfile('work', { issuer: 'https://i.example', client_id: 'c', scopes: ['read', 'write', 'admin'] })
    expect(() => checkScope(profile, record(), { scope: ['root'] })).toThrow(
      expect.objectContaining({ code: 'scope_not_allowed' }),
    )
    expect(() => checkScope(profile, record(), { scope: ['admin'] })).toThrow(
      expect.objectContaining({ code: 'scope_not_granted' }),
    )
    expect(() => checkScope(profile, record(), { scope: ['read'] })).not.toThrow()
  })
})

describe('schedule', () => {
  test('on demand nothing is planned, but for what could not be saved', () => {
    expect(wakeAt(active(), true, start)).toBe(refreshDueAt(record()))
    expect(wakeAt(active(), false, start)).toBeUndefined()
  })

  test('tokens that live for seconds are not refreshed ahead: that would never rest', () => {
    expect(refreshDueAt(record({ accessTokens: [token({ expiresAt: start + 9_000 })] }))).toBeUndefined()
    expect(refreshDueAt(record({ accessTokens: [token({ expiresAt: start })] }))).toBeUndefined()
  })

  test('sessions that were made together are not refreshed together', () => {
    const due = Array.from({ length: 50 }, (_, n) => refreshDueAt(record({ profile: `p${n}` })))
    expect(new Set(due).size).toBeGreaterThan(45)
  })

  test('R8 a timer is capped, none where nothing is due', () => {
    expect(nextWake(undefined, start)).toBeUndefined()
    expect(nextWake(start + 2000, start)).toBe(2000)
    expect(nextWake(start - 5000, start)).toBe(0)
    expect(nextWake(start + 1e9, start)).toBe(5 * minute)
  })

  test('the back-off is spread, and grows to minutes', () => {
    expect(backOff(1, 'a')).not.toBe(backOff(1, 'b'))
    expect(backOff(1, 'a')).toBeLessThan(1300)
    expect(backOff(30, 'a')).toBeLessThan(6.5 * minute)
    expect(backOff(30, 'a')).toBeGreaterThanOrEqual(5 * minute)
  })
})

describe('records', () => {
  const full = record({
    identity: { issuer: 'https://i.example', subject: 's', name: 'n', email: 'e', preferredUsername: 'p' },
    intent: { digest: 'd', at: start },
    loginRequired: { code: 'refused', text: 't', at: start },
    refreshedAt: start,
    refreshTokenExpiresAt: start + 1,
    accessTokens: [
      token({ idToken: redact('id-1') }),
      token({ target: { scope: ['read'], resource: 'https://r.example', audience: 'a' } }),
    ],
  })

  test('are read as they were written', () => {
    const back = decodeRecord(encodeRecord(full), 'work', 7)
    expect(back).toEqual(full)
    expect(back.refreshToken?.reveal()).toBe('refresh-1')
    expect(back.accessTokens.map(({ value }) => value.reveal())).toEqual(['access-1', 'access-1'])
    expect(back.accessTokens.map(({ idToken }) => idToken?.reveal())).toEqual(['id-1', undefined])
  })

  test.each([
    ['not JSON', 'secret-looking garbage', 'it is not JSON'],
    ['another version', '{"version":2}', 'its version is 2'],
    ["another profile's", '{"version":1,"profile":"other"}', "'other'"],
    ['a field of the wrong kind', '{"version":1,"profile":"work","issuer":7}', "'issuer' is not a string"],
    ['a list', '[]', "'record' is not an object"],
  ])('%s is record_damaged, and nothing of it is quoted', (_, text, words) => {
    const decode = (): unknown => decodeRecord(new TextEncoder().encode(text), 'work', 1)
    expect(decode).toThrow(expect.objectContaining({ code: 'record_damaged', message: expect.stringContaining(words) as string }))
    expect(decode).not.toThrow('secret-looking')
  })
})

describe('L5 Redacted', () => {
  const secret = redact('s3cret')
  test.each<[string, (value: unknown) => string]>([
    ['a template', (value) => `<${value as string}>`],
    ['String()', (value) => String(value)],
    ['JSON', (value) => JSON.stringify({ value })],
    ['inspect', (value) => inspect({ value }, { depth: 9, showHidden: true })],
    ['concatenation', (value) => 'x' + (value as string)],
    ['an error', (value) => inspect(new Failure('unexpected', 'm', { cause: { value } }))],
  ])('in %s', (_, print) => {
    expect(print(secret)).not.toContain('s3cret')
    expect(print(secret)).toContain('[redacted]')
  })
})

describe('failures', () => {
  test('every code has a status, an exit code and, but for a cancel, something to do next', () => {
    for (const code of failureCodes) {
      const failure = new Failure(code, 'm', { profile: 'work' })
      expect(failure.status).toBeGreaterThanOrEqual(400)
      expect(failure.exitCode).toBeGreaterThan(0)
      expect(failure.hint === '', code).toBe(code === 'cancelled')
      expect(failure.hint).not.toContain('{profile}')
    }
  })

  test('whatever was thrown becomes one, and keeps its cause', () => {
    const error = new Error('boom')
    expect(asFailure(error)).toMatchObject({ code: 'unexpected', message: 'unexpected: boom', details: { cause: error } })
    expect(asFailure(new Failure('cancelled', 'c')).code).toBe('cancelled')
    expect(new Failure('login_required', 'm').of('a').of('b').hint).toBe('`authsock login a`')
  })
})

test('a word that was mistyped', () => {
  expect(closest('isuer', ['issuer', 'client_id'])).toBe('issuer')
  expect(closest('stauts', ['status', 'stop'])).toBe('status')
  expect(closest('frobnicate', ['status', 'stop'])).toBeUndefined()
})
