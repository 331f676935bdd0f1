import type { Share } from '../core/share.ts';
export declare class ShareFile {
    #private;
    constructor(path: string, onWarning: (text: string) => void);
    read(): readonly Share[];
    /** Throws storage_failed. */
    save(shares: readonly Share[]): void;
}
