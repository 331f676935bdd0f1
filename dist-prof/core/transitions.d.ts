import type { EpochMs, LiveSession, SessionRecord } from './session.ts';
import type { Event, Step } from './steps.ts';
export declare function transition(session: LiveSession, event: Event, now: EpochMs): Step;
/** The state that a stored record speaks of; an intent left behind means that its refresh token may have been spent. */
export declare function resume(record: SessionRecord, now: EpochMs, replayGrace: number): LiveSession;
