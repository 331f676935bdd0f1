import type { EpochMs } from './session.ts';
export declare class Allowance {
    #private;
    constructor(burst: number, perSecond: number, now: EpochMs);
    /** Whether there was one left. */
    take(now: EpochMs): boolean;
}
