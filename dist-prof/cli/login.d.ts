import type { Context } from './context.ts';
import { type ProfileOptions } from './profile-options.ts';
import { type SecretOptions } from './secrets.ts';
export interface LoginOptions extends ProfileOptions, SecretOptions {
    readonly name?: string;
    readonly device?: boolean;
    /** False with --no-browser. */
    readonly browser?: boolean;
    /** Of several who need the same login, one makes it and the others wait. */
    readonly wait?: boolean;
}
export declare function login(context: Context, what: string | undefined, options: LoginOptions): Promise<void>;
