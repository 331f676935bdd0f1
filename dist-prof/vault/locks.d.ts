import type { SessionLock, TryLocalLock } from '../core/ports.ts';
interface LockOptions {
    /** The folder of the locks. */
    readonly directory: string;
    readonly tryLocalLock?: TryLocalLock;
    readonly onWarning: (text: string) => void;
}
export declare function sessionLocks(options: LockOptions): SessionLock;
export {};
