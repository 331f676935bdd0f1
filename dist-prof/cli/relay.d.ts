import type { Context } from './context.ts';
export declare function relay(context: Context, name: string): Promise<void>;
