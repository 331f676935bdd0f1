import type { Command } from 'commander';
import type { MakeLeaf } from './main.ts';
export declare function addGuardCommands(root: Command, leaf: MakeLeaf): void;
