import type { TryLocalLock } from '../core/ports.ts';
/** Whether this platform has such a lock; Windows has not. */
export declare const hasLocalLock: () => boolean;
/** Throws where the file cannot be opened. Node opens with O_CLOEXEC, so no child inherits the lock. */
export declare const tryLocalLock: TryLocalLock;
