import type { EventMessage } from './messages.ts';
export declare function eventWords(event: EventMessage): string;
