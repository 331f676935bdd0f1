import type { Clock } from '../core/ports.ts';
import type { Config } from '../config/config.ts';
export interface AutoLockPorts {
    readonly clock: Clock;
    readonly config: () => Config | Promise<Config>;
    readonly isOpen: () => boolean;
    readonly lock: (why: string) => Promise<unknown>;
    /** Calls back whenever the screen is locked; gives what ends that. */
    readonly watchScreen: (locked: () => void) => () => void;
    readonly onWarning: (text: string) => void;
}
export declare class AutoLock {
    #private;
    constructor(ports: AutoLockPorts);
    /** The user has asked for something, perhaps after a change of config.toml. */
    touch(): void;
    /** The vault is open from now on. */
    opened(): void;
    start(): void;
    stop(): void;
}
