import type { Socket } from 'node:net';
import { type Caller } from '../core/caller.ts';
/** Whether this system tells at all; otherwise everybody is unknown. */
export declare const tellsCallers: () => boolean;
export declare function callerOf(socket: Socket): Caller;
/** A process that does not ask just now. Undefined where it is not there, or cannot be looked at. */
export declare function processAsCaller(pid: number): Caller | undefined;
