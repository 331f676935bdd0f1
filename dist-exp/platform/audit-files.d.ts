import { type AuditRecord } from '../core/audit.ts';
/** Files that are kept, without the current one. */
export declare const keptFiles = 9;
/** Of a line without its end. */
export declare const hashOf: (line: string | Uint8Array) => string;
interface LastLine {
    readonly bytes: Uint8Array;
    readonly isCut: boolean;
    /** Of the last one that is a record. */
    readonly seq: number | undefined;
}
/** Of the newest file that has one; and the numbers of the files. */
export declare function lastLine(path: string): Promise<{
    readonly last: LastLine | undefined;
    readonly inodes: ReadonlySet<number>;
}>;
interface AuditProblem {
    readonly file: string;
    readonly line: number;
    readonly text: string;
}
interface AuditCheck {
    readonly lines: number;
    readonly head: string;
    readonly problems: readonly AuditProblem[];
}
/** Every line in its place and bound to the one before; the first that is kept is believed, where others were rotated away. */
export declare function verifyAudit(path: string, kept?: number): Promise<AuditCheck>;
/** `places`: up to where each file was read; given again, only what is new is read. */
export declare function readAudit(path: string, places?: Map<string, number>): AsyncGenerator<AuditRecord & {
    readonly text: string;
}>;
export {};
