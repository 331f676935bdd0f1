// How a refresh ends that brought no token: written down where the verdict must outlive the agent, then answered.
import { loginRequired } from './tokens.js';
/** What stays from step to step. */
export const base = ({ target, startedAt, attempts, replayGrace }) => ({ kind: 'refreshing', target, startedAt, attempts, replayGrace });
export const loginNeeded = (record, reason) => ({
    kind: 'login_required',
    reason,
    failure: loginRequired(record.profile, reason),
});
export const troubled = (trouble) => ({ kind: 'troubled', trouble, failure: trouble.failure });
/** Writes down that nothing is in doubt any more (and what the verdict was), then concludes. */
export function note(session, ending) {
    const { record } = session;
    if (record.intent === undefined && ending.kind !== 'login_required')
        return conclude(session, record, ending);
    const { intent: _answered, ...kept } = record;
    const next = {
        ...kept,
        generation: record.generation + 1,
        ...(ending.kind === 'login_required' ? { loginRequired: ending.reason } : {}),
    };
    return { session: { ...base(session), step: 'conclude', record, next, ending }, effects: [{ type: 'save', record: next }] };
}
export function conclude({ target }, record, ending) {
    const effects = [{ type: 'release_lock' }, { type: 'answer', target, outcome: ending.failure }];
    switch (ending.kind) {
        case 'active':
            return { session: { kind: 'active', record }, effects };
        case 'troubled': {
            const { trouble } = ending;
            effects.push({ type: 'notify', notice: { type: 'refresh_failed', failure: trouble.failure, retryAt: trouble.retryAt } });
            return { session: { kind: 'troubled', record, trouble }, effects };
        }
        case 'login_required': {
            effects.push({ type: 'notify', notice: { type: 'login_required', reason: ending.reason } });
            return { session: { kind: 'login_required', record, reason: ending.reason }, effects };
        }
    }
}
