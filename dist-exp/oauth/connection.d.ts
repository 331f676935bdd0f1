import type * as openid from 'openid-client';
import type { Clock, TokenResponse } from '../core/ports.ts';
import type { Profile } from '../core/profile.ts';
import type { Target } from '../core/session.ts';
import type { Exchange } from './exchange.ts';
/** What the grants need of the server. */
export interface Connection {
    readonly profile: Profile;
    readonly clock: Clock;
    readonly metadata: openid.ServerMetadata;
    readonly openid: typeof openid;
    /** A configuration whose requests are traced by the exchange that comes with it. */
    configure(signal: AbortSignal, options?: {
        readonly dropIdToken?: boolean;
    }): Promise<Configured>;
}
export interface Configured {
    readonly configuration: openid.Configuration;
    readonly exchange: Exchange;
}
export declare const defaultTarget: ({ resource, audience }: Profile) => Target;
export declare const targetParameters: ({ scope, resource, audience }: Target) => Record<string, string>;
export declare function tokenResponse(answer: openid.TokenEndpointResponse & openid.TokenEndpointResponseHelpers, exchange: Exchange): TokenResponse;
