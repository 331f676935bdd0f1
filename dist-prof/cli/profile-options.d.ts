import type { Command } from 'commander';
import { type ClientAuthentication, type Grant, type Profile } from '../core/profile.ts';
import type { ProfileTable } from '../config/config.ts';
export interface ProfileOptions {
    readonly clientId?: string;
    readonly grant?: Grant;
    readonly scope?: readonly string[];
    readonly resource?: string;
    readonly audience?: string;
    readonly clientAuthentication?: ClientAuthentication;
    readonly redirect?: string;
    readonly refresh?: 'ahead' | 'on_demand';
    readonly caFile?: string;
    readonly tokenEndpoint?: string;
    readonly authorizationEndpoint?: string;
    readonly deviceAuthorizationEndpoint?: string;
    readonly revocationEndpoint?: string;
    readonly jwksUri?: string;
}
/** For an option that may be repeated. */
export declare const collect: (value: string, before?: readonly string[]) => readonly string[];
export declare function withProfileOptions(command: Command): Command;
/** Options that describe a profile, as they are typed. */
export declare const describing: (options: ProfileOptions) => readonly string[];
/** Of those, the ones by which `wanted` is another profile than `existing`. */
export declare const differing: (existing: Profile, wanted: Profile, options: ProfileOptions) => readonly string[];
/** As config.toml writes it. Throws bad_request where what must be there is not. */
export declare function profileTable(issuer: string, options: ProfileOptions): ProfileTable;
