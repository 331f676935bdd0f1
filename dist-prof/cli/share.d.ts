import type { Context } from './context.ts';
export interface ShareOptions {
    readonly profile?: readonly string[];
    readonly secret?: readonly string[];
    readonly scope?: readonly string[];
    readonly allScopes?: boolean;
    readonly resource?: string;
    readonly audience?: string;
    readonly ttl?: string;
    /** `--tcp`, `--tcp PORT`, `--no-tcp`. */
    readonly tcp?: boolean | string;
}
export declare function shareCreate(context: Context, name: string, options: ShareOptions): Promise<void>;
export declare function shareList(context: Context): Promise<void>;
export declare function shareShow(context: Context, name: string): Promise<void>;
export declare function shareRemove(context: Context, name: string): Promise<void>;
export interface RunArgsOptions {
    readonly format?: string;
    readonly client?: boolean;
    /** `--tcp`, `--tcp HOST`: what a container calls this machine. */
    readonly tcp?: true | string;
}
export declare function shareRunArgs(context: Context, name: string, options: RunArgsOptions): Promise<void>;
