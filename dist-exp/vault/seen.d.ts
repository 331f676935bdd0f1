/** One login's records count from 1: `login` tells them apart. */
export interface Seen {
    readonly login: number;
    readonly generation: number;
}
/** Over many files, so that one session's note costs no writing of a hundred thousand others. */
export declare class SeenGenerations {
    #private;
    constructor(folder: string);
    /** Whether a later generation of the same login has been there. */
    isOutdated(id: string, seen: Seen): Promise<boolean>;
    note(id: string, seen: Seen): void;
    /** What was noted is written. */
    settled(): Promise<void>;
}
