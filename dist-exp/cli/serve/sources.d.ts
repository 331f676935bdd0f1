import type { AuthsockClient, TokenAnswer, TokenOptions } from '../../client/index.ts';
import type { HelperCaller } from '../../client/helper.ts';
export interface Sources {
    /** As the command line says. */
    readonly token: () => Promise<TokenAnswer>;
    /** For the resource that a program asks for, where the command line names no target of its own. */
    readonly tokenFor: (resource: string) => Promise<TokenAnswer>;
    /** A name for people, of a profile. */
    readonly user: (profile: string) => Promise<string | undefined>;
    readonly helper: HelperCaller['call'];
    /** The profile as an argument of a helper. */
    readonly profile: readonly string[];
    /** Seconds since the epoch. */
    readonly now: () => number;
}
export declare function sourcesOf(agent: AuthsockClient, caller: HelperCaller, options: TokenOptions): Sources;
/** Seconds since the epoch. */
export declare const expiryOf: ({ expires_at }: TokenAnswer) => number;
