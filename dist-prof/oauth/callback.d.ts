import { Failure } from '../core/failures.ts';
import type { Profile } from '../core/profile.ts';
export interface Callback {
    readonly redirectUri: string;
    /** The first hit of this login, and the function that tells its browser how it ended. */
    wait(signal: AbortSignal): Promise<Hit>;
    /** A redirected URL that the user pasted. Throws bad_request where it is not this login's; the login goes on. */
    take(text: string): void;
    close(): void;
}
interface Hit {
    readonly url: URL;
    readonly respond: (failure: Failure | undefined) => Promise<void>;
}
export declare function listenForCallback({ profile, state, }: {
    readonly profile: Profile;
    readonly state: string;
}): Promise<Callback>;
export {};
