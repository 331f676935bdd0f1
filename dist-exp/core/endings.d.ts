import type { Ending, LoginReason, Refreshing, SessionRecord, Trouble } from './session.ts';
import type { Step } from './steps.ts';
/** What stays from step to step. */
export declare const base: ({ target, startedAt, attempts, replayGrace }: Refreshing) => {
    readonly kind: 'refreshing';
    readonly target: import("./session.ts").Target;
    readonly startedAt: number;
    readonly attempts: number;
    readonly replayGrace: number;
};
export declare const loginNeeded: (record: SessionRecord, reason: LoginReason) => Ending;
export declare const troubled: (trouble: Trouble) => Ending;
/** Writes down that nothing is in doubt any more (and what the verdict was), then concludes. */
export declare function note(session: Refreshing, ending: Ending): Step;
export declare function conclude({ target }: Refreshing, record: SessionRecord, ending: Ending): Step;
