import type * as koffi from 'koffi';
export type Koffi = typeof koffi;
type Library = ReturnType<Koffi['load']>;
/** Undefined where there is no native module for this platform. */
export declare function ffi(): Koffi | undefined;
/** Undefined as well on Windows, which has none: see win32.ts. */
export declare function libc(): {
    readonly libc: Library;
    readonly koffi: Koffi;
} | undefined;
export {};
