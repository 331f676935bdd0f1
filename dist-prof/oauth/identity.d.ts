import type { Redacted } from '../core/redacted.ts';
import type { Identity } from '../core/session.ts';
type Claims = Readonly<Record<string, unknown>>;
export declare function identityOf(claims: Claims & {
    readonly iss: string;
    readonly sub: string;
}): Identity;
/** Undefined where it is no JWT. */
export declare function unverifiedClaims(idToken: Redacted<string>): Claims | undefined;
export declare const sameIdentity: (claims: Claims, identity: Identity) => boolean;
export {};
