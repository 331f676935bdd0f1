import type { Clock } from '../core/ports.ts';
import type { EpochMs } from '../core/session.ts';
export interface AlarmPorts<T> {
    readonly clock: Clock;
    readonly all: () => Iterable<T>;
    /** When something of it is due; undefined: nothing is. */
    readonly wakeOf: (item: T) => EpochMs | undefined;
    readonly ring: (item: T, now: EpochMs) => void;
}
export declare class Alarm<T extends object> {
    #private;
    constructor(ports: AlarmPorts<T>);
    /** It is due at another time, perhaps. The timer is set anew once after a burst of changes. */
    changed(item: T): void;
    /** Everything is looked at anew. */
    start(): void;
    stop(): void;
}
