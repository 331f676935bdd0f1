import type { Profile } from './profile.ts';
import type { EpochMs, LoginReason, SessionRecord } from './session.ts';
/** When the session ends by them, and why; undefined: it has none. `usedAt`: when somebody last asked for one of its tokens. */
export declare function endOf({ lifetime, idleLimit }: Pick<Profile, 'lifetime' | 'idleLimit'>, { loggedInAt }: Pick<SessionRecord, 'loggedInAt'>, usedAt: EpochMs): LoginReason | undefined;
