import type { Failure } from './failures.ts';
import type { EpochMs, SessionRecord, Trouble } from './session.ts';
/** The refresh token is as good as it was. */
export declare function plainTrouble(record: SessionRecord, failure: Failure, attempts: number, now: EpochMs): Trouble;
/**
 * The refresh token may have been spent. Within a known grace period of the server it is sent again at once: the answer is
 * then had after all. Otherwise it is not, while a live access token can be served; then it is tried.
 */
export declare function ambiguousTrouble(record: SessionRecord, failure: Failure, attempts: number, now: EpochMs, replayGrace: number): Trouble;
/** How long the access token can stand in for a refresh; `now` where it cannot, or where nobody knows what is left of it. */
export declare function servedUntil(record: SessionRecord, now: EpochMs): EpochMs;
