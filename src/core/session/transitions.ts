// The refresh engine: `(session, event, now) -> session + effects`. The order is defined here and nowhere else: take the lock,
// journal the intent, POST, make the result durable, only then answer. The agent carries the effects out in the order given
// and feeds their results back as events; an event that the current step does not wait for is dropped.

import { checked, notSaved, refused, store, stored, superseded, unsaved } from './finish-refresh.ts'
import { conclude } from './outcomes.ts'
import type { EpochMs, LiveSession, Refreshing } from './session.ts'
import { begin, earlierAttempt, locked, notStarted, post, retry, retryRefused } from './start-refresh.ts'
import { type Event, stay, type Step } from './steps.ts'

export function transition(session: LiveSession, event: Event, now: EpochMs): Step {
  switch (session.kind) {
    case 'active':
      return event.type === 'refresh' ? begin(session.record, event, 0, now) : stay(session)
    case 'backing_off':
      return event.type === 'refresh' ? retry(session.record, session.plan, event, now) : stay(session)
    case 'refreshing':
      return refreshing(session, event, now)
    case 'unsaved':
      return unsaved(session, event, now)
    case 'login_required':
      return event.type === 'refresh' ? retryRefused(session, event, now) : stay(session)
    case 'absent':
      return stay(session)
  }
}

function refreshing(session: Refreshing, event: Event, now: EpochMs): Step {
  switch (session.step) {
    case 'lock':
      if (event.type === 'lock_acquired') return locked(session, event.stored, event.digest, now)
      if (event.type === 'lock_failed') return notStarted(session, event.failure, [], now)
      return stay(session)
    case 'journal':
      if (event.type === 'saved') return post(session, session.next, earlierAttempt(session.record, session.next))
      if (event.type === 'save_failed') return notStarted(session, event.failure, [{ type: 'release_lock' }], now)
      return stay(session)
    case 'post':
      if (event.type === 'tokens') return store(session, event.response, now)
      if (event.type === 'refused') return refused(session, session.earlier, event.refusal, now)
      return stay(session)
    case 'check':
      return event.type === 'checked' ? checked(session, event, now) : stay(session)
    case 'store':
      if (event.type === 'saved') return stored(session.next, session.target, session.record)
      if (event.type === 'save_failed') return notSaved(session, session.next, session.target, event.failure, 1, now)
      return stay(session)
    case 'superseded':
      return event.type === 'checked' ? superseded(session, event.stored, now) : stay(session)
    case 'conclude':
      // If the record cannot be written the outcome holds all the same: the older record, with its intent, is the more careful one.
      if (event.type === 'saved') return conclude(session, session.next, session.outcome, now)
      if (event.type === 'save_failed') return conclude(session, session.record, session.outcome, now)
      return stay(session)
  }
}
