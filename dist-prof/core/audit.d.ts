import type { Caller, Door } from './caller.ts';
import type { Target } from './session.ts';
export interface AuditEntry {
    /** Milliseconds since the epoch. */
    readonly at: number;
    readonly event: 'issued' | 'refused' | 'shared' | 'unshared' | 'locked' | 'unlocked' | 'logged_in' | 'logged_out';
    /** By what request: `token`, or a helper's name. */
    readonly request?: string;
    readonly profile?: string;
    readonly secret?: string;
    readonly target?: Target;
    /** Of what was issued; ms since the epoch. */
    readonly expiresAt?: number;
    /** Of a refusal. */
    readonly code?: string;
    readonly reason?: string;
    /** The rule that decided, from 1, as config.toml orders them. */
    readonly rule?: number;
    readonly caller?: Caller;
    readonly door?: Door;
    /** Of a line that stands for so many since `since`, of which it is the last. */
    readonly count?: number;
    readonly since?: number;
}
/** What stands in front of the first line of all. */
export declare const firstHash: string;
/** `prev`: the hash of the line before. Names on the wire are snake_case; instants are ms, for many share a second. */
export declare function auditLine(entry: AuditEntry, seq: number, prev: string): string;
export interface AuditRecord {
    readonly seq: number;
    readonly at: number;
    readonly event: string;
    readonly prev: string;
    readonly profile?: string;
    readonly share?: string;
    readonly caller?: {
        readonly executable?: string;
        readonly container?: string;
        readonly pid?: number;
        readonly uid?: number;
    };
}
/** Undefined where a line is none: cut by a crash, or written by somebody else. */
export declare function parseAuditLine(line: string): AuditRecord | undefined;
export interface AuditFilter {
    readonly profile?: string;
    /** Part of the executable's path. */
    readonly caller?: string;
    readonly container?: string;
    readonly share?: string;
    readonly event?: string;
    /** ms since the epoch. */
    readonly since?: number;
    readonly until?: number;
}
export declare function isWanted(record: AuditRecord, filter: AuditFilter): boolean;
