import type { ServerMetadata } from 'openid-client';
import type { Profile } from '../core/profile.ts';
import type { Exchange } from './exchange.ts';
/** Where the metadata of an issuer may lie: OpenID Connect Discovery section 4, RFC 8414 section 3, and what some made of them. */
export declare function metadataUrls(issuer: string): readonly string[];
/** Throws discovery_failed, issuer_mismatch, insecure_url, server_*. */
export declare function discover(profile: Profile, makeExchange: () => Exchange): Promise<ServerMetadata>;
export declare function requireSecure(text: string, what: string): void;
