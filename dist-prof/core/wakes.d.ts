import type { EpochMs } from './session.ts';
export declare class Wakes<T extends object> {
    #private;
    /** Undefined: nothing of it is due any more. */
    plan(item: T, at: EpochMs | undefined): void;
    /** The earliest. */
    next(): EpochMs | undefined;
    /** Takes out what is due, the earliest first. */
    due(now: EpochMs): Iterable<T>;
    clear(): void;
}
