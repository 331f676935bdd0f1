import type { AuditEntry } from '../core/audit.ts';
import type { Clock } from '../core/ports.ts';
export declare class AuditFloods {
    #private;
    constructor(clock: Clock, append: (entry: AuditEntry) => void);
    /** Whether a line of its own is left for what may not leave without one. */
    hasRoom(source: string): boolean;
    /** Whether it is to be written; else it is counted, and written with others. */
    passes(source: string, entry: AuditEntry): boolean;
    /** The agent stops: what is counted is written. */
    close(): void;
}
