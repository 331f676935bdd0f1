import { type CallerProcess } from '../core/caller.ts';
export interface Looked {
    readonly executable?: string;
    readonly parents: readonly CallerProcess[];
    /** The user that it runs as. */
    readonly sid?: string;
}
/** Undefined where there is none (any more), or it is not to be looked at. */
export declare function lookAtProcess(pid: number): Looked | undefined;
export declare function ownSid(): string | undefined;
/** `S-1-5-21-...`: revision, authority (48 bits, the highest first) and sub-authorities (32 bits each, the lowest first). */
export declare function sidText(sid: Buffer): string;
