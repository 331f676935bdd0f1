import type { Context } from './context.ts';
import { type RoleOptions, type TargetOptions } from './serve.ts';
export interface ExecOptions extends TargetOptions, RoleOptions {
    readonly env?: readonly string[];
    readonly secret?: readonly string[];
    readonly aws?: boolean;
    readonly azure?: boolean;
    readonly google?: boolean;
}
export declare function exec(context: Context, profile: string | undefined, options: ExecOptions): Promise<void>;
