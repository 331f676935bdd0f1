import type { Context } from './context.ts';
/** The exit code: the command's own, or 128 and the signal that ended it. With `onStderr`, its stderr is looked at as it passes. */
export declare function runChild(name: string, args: readonly string[], env: NodeJS.ProcessEnv, { terminal, asJson }: Context, onStderr?: (text: string) => void): Promise<number>;
/** Says why; gives the exit code. */
export declare function notStarted(name: string, error: NodeJS.ErrnoException, { terminal, asJson }: Pick<Context, 'terminal' | 'asJson'>): 126 | 127;
