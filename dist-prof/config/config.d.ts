import type { Profile } from '../core/profile.ts';
import type { Route } from '../core/route.ts';
import type { Rule } from '../core/rules.ts';
export interface Config {
    readonly profiles: ReadonlyMap<string, Profile>;
    readonly defaultProfile?: string;
    readonly routes: readonly Route[];
    /** Whether tools may start a login. */
    readonly interactiveLogin: boolean;
    /** In their order. */
    readonly rules: readonly Rule[];
    readonly audit: 'on' | 'required' | 'off';
    /** The command that asks the user. */
    readonly prompt?: readonly string[];
    /** Seconds of quiet after which the vault is locked. */
    readonly lockAfter?: number;
    readonly lockWithScreen: boolean;
    /** The command that tells the user; empty: none. */
    readonly notify?: readonly string[];
}
/** A profile as the file writes it. */
export interface ProfileTable {
    readonly issuer: string;
    readonly client_id: string;
    readonly grant?: Profile['grant'];
    readonly scopes?: readonly string[];
    readonly resource?: string;
    readonly audience?: string;
    readonly client_authentication?: Profile['clientAuthentication'];
    readonly client_secret_file?: string;
    readonly ca_file?: string;
    readonly refresh?: Profile['refresh'];
    readonly refresh_grace?: number;
    readonly lifetime?: number;
    readonly idle_limit?: number;
    readonly redirect?: string;
    readonly authorization_parameters?: Readonly<Record<string, string>>;
    readonly endpoints?: {
        readonly token: string;
        readonly authorization?: string;
        readonly device_authorization?: string;
        readonly revocation?: string;
        readonly userinfo?: string;
        readonly jwks?: string;
    };
}
export declare class ConfigFile {
    #private;
    readonly path: string;
    constructor(path: string);
    /** The same object as before while the file has not changed. A file that is not there is an empty one. Throws config_invalid. */
    read(): Promise<Config>;
}
export declare function readText(path: string): Promise<string>;
/** Throws config_invalid. */
export declare function readConfig(text: string, file: string): Promise<Config>;
export declare function toProfile(name: string, table: ProfileTable): Profile;
