import type { Context } from './context.ts';
export interface ApproveOptions {
    readonly deny?: boolean;
    readonly for?: string;
    readonly session?: boolean;
    readonly always?: boolean;
}
export declare function approve(context: Context, id: string | undefined, options: ApproveOptions): Promise<void>;
