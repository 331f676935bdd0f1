import type { Tool } from './surroundings.ts';
export declare const tools: readonly Tool[];
