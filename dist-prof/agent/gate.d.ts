import type { AuditEntry } from '../core/audit.ts';
import type { Visitor } from '../core/caller.ts';
import type { Clock } from '../core/ports.ts';
import { type Question, type Ruling } from '../core/rules.ts';
import type { Target } from '../core/session.ts';
import type { Share } from '../core/share.ts';
import type { Config } from '../config/config.ts';
import type { EventHub } from './events.ts';
/** Who asks, and with what request: `token`, or a helper's name. */
export interface Asker {
    readonly visitor: Visitor;
    readonly request: string;
    /** Of the shared socket that it came by (L3). */
    readonly share?: Share;
}
export interface GatePorts {
    readonly clock: Clock;
    readonly events: EventHub;
    /** Synchronous where it is known. */
    readonly config: () => Config | Promise<Config>;
    readonly append: (entry: AuditEntry) => Promise<void>;
    /** Asks the user; rejects where he says no or nobody answers. */
    readonly approve: (question: Question, ruling: Ruling) => Promise<void>;
}
export declare class Gate {
    #private;
    constructor(ports: GatePorts);
    /** Why the audit log cannot be written, as far as is known. */
    get trouble(): string | undefined;
    /** The agent stops: what was counted is handed on to be written. */
    close(): void;
    /** `name`: of a profile or a secret. Throws (rejects with) denied, approval_*. */
    check(asker: Asker, name: string, target: Target): void | Promise<void>;
    /** Before it leaves. Where the user set `audit = "required"`, it leaves only when this has resolved. */
    issued(asker: Asker, what: Pick<AuditEntry, 'profile' | 'secret' | 'target' | 'expiresAt'>): void | Promise<void>;
    /** Never fails: what was refused is refused whether it can be written or not. */
    refused(asker: Asker, name: string | undefined, target: Target, error: unknown): void;
    /** What happened to a session or the vault. */
    happened(event: AuditEntry['event'], name?: string): void;
}
