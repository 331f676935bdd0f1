import type { Profile } from '../core/profile.ts';
import type { EpochMs, LiveSession } from '../core/session.ts';
import type { SessionStatus } from '../wire/messages.ts';
export declare function sessionStatus(profile: Profile, session: LiveSession, { nextWake, endsAt, loginPending, }: {
    readonly nextWake: EpochMs | undefined;
    readonly endsAt: EpochMs | undefined;
    readonly loginPending: boolean;
}): SessionStatus;
/** A session that could not be looked at: the vault is shut, or its record is damaged. */
export declare function unreadableStatus(profile: Profile, error: unknown): SessionStatus;
