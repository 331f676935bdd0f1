import type { Command } from 'commander';
import type { MakeLeaf } from './main.ts';
export declare function addToolCommands(root: Command, leaf: MakeLeaf): void;
