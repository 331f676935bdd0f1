// What must hold of the engine whatever happens: random events in random order at random times.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Failure } from '../../../../src/core/failures.ts'
import type { TokenRefusal } from '../../../../src/core/session/token-refusal.ts'
import { redact } from '../../../../src/core/redacted.ts'
import { refreshDueAt, wakeAt } from '../../../../src/core/session/schedule.ts'
import type { LiveSession, SessionRecord } from '../../../../src/core/session/session.ts'
import { decide } from '../../../../src/core/session/tokens.ts'
import type { Effect, Event } from '../../../../src/core/session/steps.ts'
import { resume } from '../../../../src/core/session/resume.ts'
import { transition } from '../../../../src/core/session/transitions.ts'
import { record, refusal, response, start, token } from './fixtures.ts'

/** Fewer when the code is mutated. */
const runs = Number(process.env['AUTHSOCK_PROPERTY_RUNS'] ?? 2_000)

const kinds = [
  'not_sent',
  'no_answer',
  'busy',
  'no_verdict',
  'invalid_grant',
  'may_pass',
  'interaction_required',
  'client_refused',
  'refused',
  'identity_changed',
] as const

/** What the world does next; the interpreter below makes a fitting event of it. */
interface Move {
  readonly asks: boolean
  readonly resource: number
  readonly fails: boolean
  readonly refusal: TokenRefusal['kind'] | undefined
  readonly rotates: boolean
  readonly elapsed: number
  readonly crash: boolean
}

const move: fc.Arbitrary<Move> = fc.record({
  asks: fc.boolean(),
  resource: fc.nat(2),
  fails: fc.nat(9).map((n) => n === 0),
  refusal: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.constantFrom(...kinds) }),
  rotates: fc.boolean(),
  elapsed: fc.nat(2_000_000),
  crash: fc.nat(19).map((n) => n === 0),
})

const noDisk = new Failure('storage_failed', 'no')

/** One agent, a store that keeps what was saved, and a check after each step. */
class World {
  session: LiveSession
  stored: SessionRecord
  now = start
  lockHeld = false
  posts = 0
  readonly seen = new Set<string>()
  #pending: Effect | undefined
  #tokens = 0

  constructor() {
    this.stored = record({ accessTokens: [token({ expiresAt: start + 600_000 })] })
    this.session = { kind: 'active', record: this.stored }
  }

  play(next: Move): void {
    this.now += next.elapsed
    if (next.crash) {
      this.session = resume(this.stored, this.now, 0)
      this.#pending = undefined
      this.lockHeld = false
      return
    }
    if (this.session.kind === 'login_required') return this.#logIn()
    const event = this.#event(next)
    if (event === undefined) return
    const before = this.session
    const { session, effects } = transition(before, event, this.now)
    this.session = session
    this.#pending = undefined
    for (const effect of effects) this.#carryOut(effect)
    this.#check(before)
  }

  /** The user logs in again, and the game goes on. */
  #logIn(): void {
    const tokens = [token({ obtainedAt: this.now, expiresAt: this.now + 600_000 })]
    const fresh = redact(`refresh-login-${this.stored.generation}`)
    this.stored = record({ generation: this.stored.generation + 1, refreshToken: fresh, accessTokens: tokens })
    this.session = { kind: 'active', record: this.stored }
  }

  #event({ asks, resource, fails, refusal: kind, rotates }: Move): Event | undefined {
    const pending = this.#pending
    switch (pending?.type) {
      case undefined:
        if (this.session.kind === 'unsaved') return { type: 'wake' }
        return asks
          ? { type: 'refresh', replayGrace: 0, target: resource === 0 ? {} : { resource: `https://${resource}.example` } }
          : undefined
      case 'acquire_lock':
        if (fails) return { type: 'lock_failed', failure: new Failure('lock_timeout', 'no') }
        this.lockHeld = true
        return { type: 'lock_acquired', stored: this.stored, digest: this.stored.refreshToken?.reveal() }
      case 'save':
        if (fails) return { type: 'save_failed', failure: noDisk }
        expect(pending.record.generation).toBeGreaterThan(this.stored.generation)
        this.stored = pending.record
        return { type: 'saved' }
      case 'post': {
        this.posts += 1
        if (kind !== undefined) return { type: 'refused', refusal: refusal(kind) }
        this.#tokens += 1
        const { refreshToken: _, ...rest } = response(this.now)
        const accessToken = redact(`access-${this.#tokens}-new`)
        return {
          type: 'tokens',
          response: { ...rest, accessToken, ...(rotates ? { refreshToken: redact(`refresh-${this.#tokens}-new`) } : {}) },
        }
      }
      case 'read':
        return { type: 'checked', stored: this.stored, digest: this.stored.refreshToken?.reveal() }
      default:
        throw new Error(pending?.type)
    }
  }

  #carryOut(effect: Effect): void {
    switch (effect.type) {
      case 'release_lock':
        this.lockHeld = false
        break
      case 'post':
        // R1 R3: under the lock, and what may be spent is written down.
        expect(this.lockHeld).toBe(true)
        expect(this.stored.intent?.digest).toBe(effect.record.refreshToken?.reveal())
        // No older refresh token once a newer one is durable.
        expect(effect.record.refreshToken?.reveal()).toBe(this.stored.refreshToken?.reveal())
        this.#pending = effect
        break
      case 'answer':
        // R2: what leaves is what the store has.
        if (effect.outcome instanceof Failure) break
        this.seen.add(effect.outcome.value.reveal())
        expect(this.stored.accessTokens.map(({ value }) => value.reveal())).toContain(effect.outcome.value.reveal())
        break
      case 'notify':
        break
      default:
        this.#pending = effect
    }
  }

  #check(before: LiveSession): void {
    const { session } = this
    // Nothing that a user did not delete is deleted.
    expect(session.kind).not.toBe('absent')
    expect(this.stored.refreshToken).toBeDefined()
    // A refresh that ends has let go of the lock, but for a result that still has to be saved.
    if (session.kind !== 'refreshing' && session.kind !== 'unsaved') expect(this.lockHeld).toBe(false)
    // Whoever waits has something to wait for.
    if (session.kind === 'refreshing') expect(this.#pending).toBeDefined()
    // The state in memory never runs ahead of the disk.
    if (session.kind !== 'absent') expect(session.record.generation).toBeLessThanOrEqual(this.stored.generation)
    if (before.kind === 'login_required') expect(session.kind).toBe('login_required')
    // There is always a next time.
    const isSaving = session.kind === 'unsaved' && session.saving
    if (isSaving) expect(this.#pending).toBeDefined()
    if (session.kind === 'backing_off' || (session.kind === 'unsaved' && !isSaving))
      expect(wakeAt(session, true, start)).toBeGreaterThan(0)
  }
}

test('R1 R2 R3 R5 R14 hold in every order of events, failures, crashes and times', () => {
  let posts = 0
  fc.assert(
    fc.property(fc.array(move, { minLength: 20, maxLength: 120, size: 'max' }), (moves) => {
      const world = new World()
      for (const each of moves) world.play(each)
      posts += world.posts
    }),
    { numRuns: runs },
  )
  expect(posts).toBeGreaterThan(2 * runs)
})

test('a decision never serves a dead token, and fails only with a failure that says what to do', () => {
  fc.assert(
    fc.property(fc.array(move, { maxLength: 60 }), fc.option(fc.nat(5_000_000), { nil: undefined }), (moves, minTtl) => {
      const world = new World()
      for (const each of moves) world.play(each)
      const decision = decide(world.session, 'work', {}, minTtl, world.now)
      if (decision.kind === 'serve') expect(decision.token.expiresAt ?? Infinity).toBeGreaterThan(world.now)
      if (decision.kind === 'fail') expect(decision.failure.hint).not.toBe('')
      if (decision.kind === 'wait') expect(world.session.kind).toBe('refreshing')
    }),
    { numRuns: runs / 2 },
  )
})

test('R7 a refresh is planned before the expiry and after half of the life, for every lifetime', () => {
  fc.assert(
    fc.property(fc.integer({ min: 10_000, max: 90 * 86_400_000 }), fc.nat(1_000_000), (lifetime, generation) => {
      const due = refreshDueAt(record({ generation, accessTokens: [token({ expiresAt: start + lifetime })] }))
      expect(due).toBeLessThan(start + lifetime)
      expect(due).toBeGreaterThan(start + lifetime / 2)
    }),
  )
})
