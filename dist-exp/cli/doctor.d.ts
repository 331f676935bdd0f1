import type { Context } from './context.ts';
export declare function doctor(context: Context): Promise<void>;
