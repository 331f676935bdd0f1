import type { Context } from '../context.ts';
import type { SetupOptions } from './surroundings.ts';
export interface SetupFlags extends SetupOptions {
    readonly print?: boolean;
    readonly undo?: boolean;
    readonly yes?: boolean;
}
export declare function setup(context: Context, name: string | undefined, targets: readonly string[], flags: SetupFlags): Promise<void>;
