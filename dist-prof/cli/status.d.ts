import type { Context } from './context.ts';
export declare function status(context: Context, options: {
    readonly watch?: boolean;
}): Promise<void>;
