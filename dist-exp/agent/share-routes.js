// What a shared socket answers: tokens, helpers' calls (server.ts), and what it gives. The refusal of all else says so (L3).
import { notShared } from '../core/share.js';
import { getToken, json } from './routes.js';
export function findSharedHandler(share, method, path) {
    if (method === 'GET' && path === '/v1/token')
        return { handler: getToken, profile: '' };
    if (method === 'GET' && path === '/v1/share')
        return { handler: () => json(shareStatus(share)), profile: '' };
    throw notShared(share);
}
export function shareStatus({ name, profiles, secrets, scope, resource, audience, createdAt, expiresAt }) {
    return {
        name,
        profiles,
        secrets,
        created_at: Math.floor(createdAt / 1000),
        expires_at: Math.floor(expiresAt / 1000),
        ...(scope === undefined ? {} : { scope: scope.join(' ') }),
        ...(resource === undefined ? {} : { resource }),
        ...(audience === undefined ? {} : { audience }),
    };
}
