// A shared socket's bounds: which profiles, scopes and resource it gives tokens for, and until when. It can do nothing else (L3).
import { Failure } from './failures.js';
const limited = (share, what) => new Failure('share_limited', `the share '${share.name}' ${what}; it gives ${boundsText(share)}`, {
    hint: 'ask for what it gives, or have its owner make another: `authsock share create`',
});
/** What a request by this share becomes. Throws share_expired, share_limited, which say what is allowed. */
export function bounded(share, profile, target, now) {
    if (now >= share.expiresAt)
        throw new Failure('share_expired', `the share '${share.name}' has ended`);
    const [first = ''] = share.profiles;
    const wanted = profile ?? first;
    if (!share.profiles.includes(wanted))
        throw limited(share, `does not give '${wanted}'`);
    const extra = share.scope === undefined ? [] : (target.scope ?? []).filter((scope) => share.scope?.includes(scope) !== true);
    if (extra.length > 0)
        throw limited(share, `does not give the scope ${extra.map((scope) => `'${scope}'`).join(', ')}`);
    for (const key of ['resource', 'audience']) {
        const asked = target[key];
        if (asked !== undefined && asked !== share[key] && isFixed(share))
            throw limited(share, `is not for ${key} '${asked}'`);
    }
    const { scope = share.scope } = target;
    const place = isFixed(share) ? share : target;
    return {
        profile: wanted,
        target: {
            ...(scope === undefined ? {} : { scope }),
            ...(place.resource === undefined ? {} : { resource: place.resource }),
            ...(place.audience === undefined ? {} : { audience: place.audience }),
        },
    };
}
/** Throws share_expired, share_limited. */
export function boundedSecret(share, name, now) {
    if (now >= share.expiresAt)
        throw new Failure('share_expired', `the share '${share.name}' has ended`);
    if (!share.secrets.includes(name))
        throw limited(share, `does not give the secret '${name}'`);
}
/** An ID token says who the user is, to whoever takes it, and knows no scope and no resource. Throws share_limited. */
export function boundedIdToken(share) {
    const isWithin = (share.scope === undefined || share.scope.includes('openid')) && !isFixed(share);
    if (!isWithin)
        throw limited(share, 'gives no ID token, which it would with `openid` among its scopes and for no one resource');
}
/** The agent is on the machine's network, and whoever is behind a share need not be: it goes where it goes by itself. */
export function boundedRole(share, { endpoint }) {
    if (endpoint !== undefined)
        throw limited(share, `asks nobody at '${endpoint.slice(0, 100)}'`);
}
/** Whatever else is asked of it. */
export const notShared = (share) => limited(share, 'answers requests for tokens and nothing else');
const isFixed = ({ resource, audience }) => resource !== undefined || audience !== undefined;
/** For people. */
function boundsText({ profiles, secrets, scope, resource, audience }) {
    const parts = [
        `tokens of ${profiles.map((profile) => `'${profile}'`).join(', ')}`,
        scope === undefined ? undefined : `with ${scope.join(' ')}`,
        resource === undefined ? undefined : `for ${resource}`,
        audience === undefined ? undefined : `for ${audience}`,
        secrets.length === 0 ? undefined : `and the secrets ${secrets.join(', ')}`,
    ];
    return parts.filter((part) => part !== undefined).join(' ');
}
