export interface CallerProcess {
    readonly pid: number;
    /** Absolute path; absent where the system does not tell. */
    readonly executable?: string;
}
/** A process that does not share the agent's view of the machine. */
export interface Container {
    /** As its engine calls it, where the cgroup's name says so. */
    readonly id?: string;
    readonly engine?: string;
}
export interface Caller {
    readonly uid?: number;
    /** In place of the uid, on Windows. */
    readonly sid?: string;
    readonly pid?: number;
    readonly executable?: string;
    /** The parent first, up to the first process of the machine. */
    readonly parents: readonly CallerProcess[];
    /** Absent: in the agent's own namespaces, or nobody can say (`isKnown` is false then). */
    readonly container?: Container;
    readonly terminal?: string;
    /** Whether the process could be looked at at all. */
    readonly isKnown: boolean;
}
/** By which door somebody came: the user's own socket, or a shared one. */
export type Door = {
    readonly kind: 'main';
} | {
    readonly kind: 'share';
    readonly share: string;
    readonly transport?: 'tcp';
};
/** Who cannot be looked at. */
export declare const unknownCaller: Caller;
export interface Visitor {
    readonly caller: Caller;
    readonly door: Door;
}
/** A process and whose child it says it is. */
export interface Link extends CallerProcess {
    readonly parent: number;
    /** In any unit that only grows. */
    readonly created: bigint;
}
/** A chain of parents is seldom longer, and a loop never ends. */
export declare const mostParents = 16;
/**
 * The parents of a process of Windows, the nearest first. There a child keeps the pid of a parent that has ended, and the pid is soon
 * another's: who is younger than its child is no parent.
 */
export declare function ancestors(child: Link, find: (pid: number) => Link | undefined): readonly CallerProcess[];
/** Whether it is one of Windows, where the case of letters does not count. */
export declare const isWindowsPath: (path: string) => boolean;
/** For people: `git-remote-https (pid 123) of make, in container 0123456789ab, by share devbox`. */
export declare function callerText({ caller, door }: Visitor): string;
