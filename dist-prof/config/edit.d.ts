import { type ProfileTable } from './config.ts';
/** Appends `[profile.NAME]`. Throws profile_exists, config_invalid, bad_request. */
export declare function addProfile(path: string, name: string, table: ProfileTable): Promise<void>;
/** Takes out the profile's tables and what belongs to them. Throws unknown_profile, config_invalid. */
export declare function removeProfile(path: string, name: string): Promise<void>;
export declare const keyName: (key: {
    type: string;
    name?: string;
    value?: string;
} | undefined) => string | undefined;
/** A table up to the comments that stand before the next one and belong to it. */
export declare function wholeTable(text: string, start: number, end: number): readonly [number, number];
export declare function cut(text: string, ranges: readonly (readonly [number, number])[]): string;
export declare const pairs: (table: object) => readonly string[];
export declare function edit(path: string, change: (text: string) => Promise<string>): Promise<void>;
