import type { Profile } from './profile.ts';
import type { SessionRecord, Target } from './session.ts';
/** `"b a a"` -> `["a", "b"]`. */
export declare const parseScope: (text: string) => readonly string[];
export declare const normalScope: (scopes: Iterable<string>) => readonly string[];
export declare const sameScope: (a: readonly string[] | undefined, b: readonly string[] | undefined) => boolean;
export declare const sameTarget: (a: Target, b: Target) => boolean;
/**
 * P14: a caller gets at most its profile's scopes. A profile without a list allows what the session was granted.
 * Throws scope_not_allowed, or scope_not_granted where only a new login can help; no request to the server is spent.
 */
export declare function checkScope(profile: Profile, record: SessionRecord, target: Target): void;
