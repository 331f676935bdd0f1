import type { Context } from './context.ts';
import { type ProfileOptions } from './profile-options.ts';
import { type SecretOptions } from './secrets.ts';
export interface TokenOptions {
    readonly scope?: readonly string[];
    readonly resource?: string;
    readonly audience?: string;
    readonly minTtl?: string;
    readonly header?: boolean;
}
export declare function token(context: Context, profile: string | undefined, options: TokenOptions): Promise<void>;
export declare function logout(context: Context, profile: string | undefined, options: {
    readonly all?: boolean;
}): Promise<void>;
export declare function lock(context: Context): Promise<void>;
export declare function unlock(context: Context, options: {
    readonly passphraseStdin?: boolean;
}): Promise<void>;
export declare function vaultStatus(context: Context): Promise<void>;
export declare function masterKey(context: Context, provider: string, path: string | undefined, options: {
    readonly passphraseStdin?: boolean;
}): Promise<void>;
export declare function events(context: Context): Promise<void>;
export declare function start(context: Context): Promise<void>;
export declare function stop(context: Context): Promise<void>;
export declare function profileAdd(context: Context, name: string, options: ProfileOptions & SecretOptions & {
    readonly issuer: string;
}): Promise<void>;
export declare function profileList(context: Context): Promise<void>;
export declare function profileShow(context: Context, name: string): Promise<void>;
export declare function profileRemove(context: Context, name: string): Promise<void>;
export declare const exitCodeOf: (error: unknown) => number;
