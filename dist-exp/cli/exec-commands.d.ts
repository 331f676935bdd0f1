import type { Command } from 'commander';
import type { MakeLeaf } from './main.ts';
/** What follows `--` in `exec ... -- COMMAND ARGS...` is the command's own, its `--json` and `--token` too. */
export declare function splitCommand(args: readonly string[]): {
    readonly own: readonly string[];
    readonly command: readonly string[];
};
export declare function addExecCommands(root: Command, leaf: MakeLeaf): void;
