export type Job = {
    readonly type: 'encrypt';
    readonly passphrase: string;
    readonly content: Uint8Array;
    readonly logN: number;
} | {
    readonly type: 'decrypt';
    readonly passphrase: string;
    readonly content: Uint8Array;
};
