import { type Share } from '../core/share.ts';
import type { ShareStatus } from '../wire/messages.ts';
import { type Handler } from './routes.ts';
export declare function findSharedHandler(share: Share, method: string, path: string): {
    readonly handler: Handler;
    readonly profile: string;
};
export declare function shareStatus({ name, profiles, secrets, scope, resource, audience, createdAt, expiresAt }: Share): ShareStatus;
