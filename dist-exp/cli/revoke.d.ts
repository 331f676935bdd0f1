import type { Context } from './context.ts';
export declare function revoke(context: Context, profile: string | undefined, { all }: {
    readonly all?: boolean;
}): Promise<void>;
