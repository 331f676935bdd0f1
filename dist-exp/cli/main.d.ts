import { Command } from 'commander';
import { Context } from './context.ts';
type Action = (context: Context, ...args: never[]) => Promise<void>;
/** A leaf: --json, lazily loaded. */
export type MakeLeaf = (parent: Command, signature: string, description: string, run: () => Promise<Action>) => Command;
/** Runs one command; the result is the exit code. */
export declare function main(args: readonly string[]): Promise<number>;
export {};
